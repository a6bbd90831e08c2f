#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ServiceAccounts: nothing beyond what every object has. One immutable object for the whole program.
const Strategy& service_account_strategy();

}  // namespace mizzen::api
