#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kubelet/state/pod_facts.h"
#include "kubelet/state/runtime_state.h"

namespace mizzen::kubelet {

/// A container to stop, and what the Killing event says.
struct ContainerKill {
  std::string id;
  std::string name;
  std::string message;
  enum class Why : uint8_t { Changed, Liveness, Startup, Unknown } why = Why::Changed;
  std::optional<int64_t> grace_s = {};  ///< the probe's own; none: the pod's
};

/// A container whose record goes, so that the whole pod starts anew in its sandbox.
struct ContainerReset {
  std::string id;
  std::string name;
  bool running = false;
};

/// What has to be done to bring a pod from what runs to what is declared.
struct PodActions {
  bool kill_pod = false;  ///< stop all containers and the sandbox
  bool create_sandbox = false;
  uint32_t attempt = 0;    ///< of the sandbox to create
  std::string sandbox_id;  ///< the usable one; empty where it is to be created
  std::vector<ContainerKill> kills;
  /// A rule asked to restart all containers: remove these, in order, and nothing else. Those whose exit asked
  /// come last, so that a node that dies in between goes on with it.
  std::vector<ContainerReset> resets;
  std::vector<std::string> start_init;       ///< names, in order; the first that fails ends the list
  std::vector<std::string> start_ephemeral;  ///< names, each once in the pod's life
  std::vector<std::string> start;            ///< names, in order; one failure does not stop the others
};

/// What the probes found, as far as it changes what is to be done.
struct ProbeVerdicts {
  std::set<std::string> liveness_failed;  ///< container ids
  std::set<std::string> startup_failed;
  std::set<std::string> started;  ///< ids whose startup probe succeeded or that have none
};

/// True where the pod needs a (new) sandbox; the attempt number of it and the id of the usable one come back.
bool sandbox_changed(const Pod& pod, const RuntimePod& state, uint32_t& attempt, std::string& sandbox_id);

/// May a container with this newest record (nullptr: never ran) be started (again)?
bool should_restart(const Pod& pod, const Container& container, const ContainerRecord* newest);

/// The first of the container's restart rules that matches the exit code, or nullptr.
const api::core::v1::ContainerRestartRule* matching_rule(const Container& container, int32_t exit_code);

/// True where a rule of this pod can ask to restart all containers.
bool may_restart_all(const Pod& pod);

/// True where a container's exit asks to restart all containers of the pod.
bool restart_all_asked(const Pod& pod, const RuntimePod& state);

/// True where all regular init containers are done and the regular containers may run.
bool is_initialized(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes);

/// Pure: upstream's computePodActions.
PodActions compute_pod_actions(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes);

}  // namespace mizzen::kubelet
