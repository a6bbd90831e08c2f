#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::account_tokens {

/// Secrets of type kubernetes.io/service-account-token get the token of the account that they name, and go
/// with it.
std::unique_ptr<Controller> make_account_token_controller(Environment& env, ClusterKeys keys);

}  // namespace mizzen::controllers::account_tokens
