#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controllers/framework/pods.h"
#include "machinery/selectors/selectors.h"

/// What a ReplicaSet or ReplicationController does next; pure.
namespace mizzen::controllers::replica {

/// The workload, whichever of the two kinds it is.
struct Desired {
  std::string uid;
  bool deleting = false;
  int32_t replicas = 1;
  int32_t min_ready_seconds = 0;
  int64_t generation = 0;
  machinery::LabelSelector selector;
  machinery::Labels template_labels;
};

/// Pods that are this workload's, or could be.
struct Claim {
  std::vector<PodPtr> owned;    ///< controlled by it and matching
  std::vector<PodPtr> adopt;    ///< matching, without a controller
  std::vector<PodPtr> release;  ///< controlled by it, no longer matching
};
Claim claim(const Desired& desired, const std::vector<PodPtr>& pods);

/// Creations or deletions at once, as upstream.
inline constexpr int kBurstMax = 500;
/// How many pods to create, or which to delete.
struct Plan {
  int create = 0;
  std::vector<PodPtr> remove;
};
Plan plan(const Desired& desired, const std::vector<PodPtr>& owned, WallTime now);

/// The counts of the status.
struct Counts {
  int32_t replicas = 0, fully_labeled = 0, ready = 0, available = 0, terminating = 0;
  /// When to look again because a ready pod becomes available; zero: never.
  Duration again{};
};
Counts count(const Desired& desired, const std::vector<PodPtr>& owned, WallTime now);

}  // namespace mizzen::controllers::replica
