#pragma once
#include <string>

#include "base/random.h"
#include "scheduler/state/cluster_state.h"

namespace mizzen::scheduler {

/// Where a pod goes, or why it goes nowhere.
struct Decision {
  std::string node;       ///< empty: none will do
  std::string message;    ///< then, in upstream's words
  uint32_t retry_on = 0;  ///< changes that may help, a mask of Change
  size_t next_start = 0;  ///< where the next search begins
};

/// Asks the filters of the nodes from `start` on, until enough have passed (all of up to 100 nodes), scores
/// these and takes the best; `random` breaks ties. Pure.
Decision decide(const PodInfo& pod, const ClusterState& state, Random& random, size_t start = 0);

}  // namespace mizzen::scheduler
