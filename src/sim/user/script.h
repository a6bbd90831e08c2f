#pragma once
#include <functional>
#include <string>
#include <vector>

#include "client/api/api_client.h"

namespace mizzen::sim {

/// Actions that begin together, and may all be under way when something goes wrong.
struct ScriptStep {
  std::string name;
  std::vector<std::function<Result<void>(client::ApiClient&)>> actions;
};

/// What people do in each scripted run, so that every controller has something to make, to change and to take
/// away. What it comes to does not depend on the order in which controllers act.
std::vector<ScriptStep> script();

}  // namespace mizzen::sim
