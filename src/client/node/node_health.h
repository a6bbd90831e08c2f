#pragma once
#include <string>

#include "api/schema/core/v1/node.h"
#include "base/clock.h"

namespace mizzen::client {

/// How a node finds itself.
struct NodeHealth {
  bool memory_short = false;
  bool disk_short = false;
  bool pids_short = false;
  std::string problem;  ///< why it is not ready; empty: it is
};

/// Sets the four conditions of every node, in the words of upstream's kubelet. Pure.
void set_health(api::core::v1::NodeStatus& status, const NodeHealth& health, WallTime now);

}  // namespace mizzen::client
