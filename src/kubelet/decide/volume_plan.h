#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "base/clock.h"

namespace mizzen::kubelet {

/// What is so of one volume of a pod.
struct VolumeState {
  bool stands = false;  ///< it can be mounted as it is
  Monotonic refreshed =
      {};  ///< when it was last set up, or tried to be; zero: never, or what it shows changed
  Monotonic retry_at = {};  ///< it failed: not before
  Duration pause = {};      ///< the last one after a failure
};
using VolumeStates = std::map<std::string, VolumeState>;  ///< by name; those never looked at are absent

/// What has to be done for a pod's volumes.
struct VolumePlan {
  std::vector<std::string> set_up;    ///< now: made, or brought up to date
  bool ready = true;                  ///< all stand: containers may start
  Monotonic next = Monotonic::max();  ///< when there is more to do
};

/// The volumes that a container of the pod mounts, as upstream: the others are never set up, and hold up
/// nothing.
std::vector<api::core::v1::Volume> desired_volumes(const api::core::v1::Pod& pod);

/// Pure: desired against actual. What stands is refreshed after `resync`; what failed waits for its pause,
/// and holds up nothing that stands.
VolumePlan plan_volumes(const std::vector<api::core::v1::Volume>& desired, const VolumeStates& actual,
                        Duration resync, Monotonic now);

/// A try has ended. `spread` makes a pause a little longer, so that pods do not come together.
void note_set_up(VolumeState& state, bool succeeded, bool stands, Monotonic now,
                 const std::function<Duration(Duration)>& spread);

}  // namespace mizzen::kubelet
