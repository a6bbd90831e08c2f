#pragma once
#include "api/strategy/strategy.h"

/// Strategies of the core group; each is one immutable object for the whole program.
namespace mizzen::api {

const Strategy& pod_strategy();
const Strategy& pod_template_strategy();
const Strategy& node_strategy();
const Strategy& namespace_strategy();
const Strategy& config_map_strategy();
const Strategy& secret_strategy();
const Strategy& service_account_strategy();
const Strategy& service_strategy();
const Strategy& endpoints_strategy();
const Strategy& event_strategy();
const Strategy& replication_controller_strategy();

}  // namespace mizzen::api
