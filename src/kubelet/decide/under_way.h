#pragma once
#include <set>
#include <string>

#include "kubelet/decide/pod_actions.h"

namespace mizzen::kubelet {

/// What is being done for a pod already.
struct UnderWay {
  bool making_sandbox = false;
  bool taking_down = false;        ///< all of it, or a reset
  std::set<std::string> starting;  ///< containers by name
  std::set<std::string> stopping;  ///< containers by id
  std::set<std::string> failed;    ///< containers by name whose start failed and is not tried yet again
  bool any() const { return making_sandbox || taking_down || !starting.empty() || !stopping.empty(); }
};

/// What of a plan may begin now.
struct NextSteps {
  PodActions actions;
  bool cancel_starts = false;  ///< what is being started stands in the way of taking the pod down
};

/// Pure: the plan without what is under way, and without what has to wait for it. A container that never ran
/// waits for those before it, their postStart hooks included, as upstream, but for none that failed; one
/// that runs again waits for nobody.
NextSteps next_steps(PodActions plan, const RuntimePod& state, const UnderWay& under_way);

}  // namespace mizzen::kubelet
