#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/executor.h"
#include "base/random.h"
#include "kubelet/config/cri_config.h"
#include "kubelet/decide/backoff.h"
#include "kubelet/decide/pod_actions.h"
#include "kubelet/images/image_puller.h"
#include "kubelet/probes/handler_run.h"
#include "kubelet/state/events.h"
#include "linux/groups/cgroups.h"
#include "volumes/volumes.h"

namespace mizzen::kubelet {

using Failures = std::map<std::string, StartFailure>;  ///< by container name

/// Role: carries a plan (PodActions) out against the runtime: sandbox, images, containers, hooks, volumes;
/// and takes pods down. Decides nothing about what should run. Place: called by the pod's worker, one step of
/// one pod at a time. Threading: thread-safe for different pods. Blocks for as long as the runtime does.
/// Failure: what failed is told by the returned Error (the sync is repeated) or, for single containers, in
/// `failures`, which the status shows. Every step may be repeated.
class PodRunner {
 public:
  struct Options {
    std::string logs_folder;  ///< of pods
    std::string seccomp_folder;
    std::string cgroup_root = "/kubepods";
    ClusterDns dns;
    std::string resolv_conf = "/etc/resolv.conf";
    int64_t node_memory_bytes = 0;
    std::vector<std::string> host_ips;      ///< of the node
    bool relaxed_environment_names = true;  ///< upstream's gate RelaxedEnvironmentVariableValidation
    Backoff::Options restart_backoff;
  };
  struct Deps {
    cri::Runtime& runtime;
    ImagePuller& puller;
    Events& events;
    HandlerRunner& handlers;
    volumes::Volumes& volumes;
    volumes::ObjectSource& objects;
    const linux::Cgroups* cgroups;  ///< null: control groups are left to the runtime
    Executor& executor;             ///< for stopping containers side by side
    const Clock& clock;
    Random& random;
    std::function<Result<Services>(const std::string& namespace_)> services;
    std::function<volumes::Allocatable()> allocatable;
  };
  PodRunner(Deps deps, Options options);

  /// Brings the pod towards the plan. `failures` is updated per container. True where something was started
  /// or stopped.
  Result<bool> apply(const Pod& pod, const RuntimePod& state, const PodActions& actions, Failures& failures);
  /// Sets up or refreshes all volumes; the first failure, after its FailedMount event.
  Result<void> set_up_volumes(const Pod& pod);
  /// Stops every container within the grace period (preStop hooks included), then the sandboxes.
  Result<void> stop_pod(const Pod& pod, const RuntimePod& state, int64_t grace_s);
  /// Kills at once what a running stop_pod() is still waiting for.
  void hurry(const RuntimePod& state, int64_t grace_s);
  /// Gives back what the pod had of the node, but for its containers' records and logs.
  Result<void> release(const Pod& pod);
  /// Removes sandboxes, containers and logs of a pod that is gone from the API.
  Result<void> remove(const RuntimePod& state);
  /// How long until the earliest back-off of the pod's containers has passed; zero where none is in back-off.
  Duration backoff_left(const Pod& pod, const RuntimePod& state) const;

 private:
  struct Placed {  // what a container needs to know of its sandbox
    std::string id;
    cri::v1::PodSandboxConfig config;
    std::vector<std::string> ips;
  };
  Result<bool> reset(const Pod& pod, const RuntimePod& state, const std::vector<ContainerReset>& resets,
                     Failures& failures);
  Result<Placed> create_sandbox(const Pod& pod, const RuntimePod& state, uint32_t attempt);
  PodDns dns_of(const Pod& pod) const;
  cri::v1::PodSandboxConfig make_sandbox_config(const Pod& pod, uint32_t attempt, const PodDns& dns) const;
  void tell_dns_problems(const Pod& pod, const PodDns& dns);
  Result<void> ensure_cgroup(const Pod& pod);
  bool start_container(const Pod& pod, const Container& container, const RuntimePod& state,
                       const Placed& placed, Failures& failures);
  Result<cri::v1::ContainerConfig> configure(const Pod& pod, const Container& container, int32_t restarts,
                                             const Placed& placed, const PulledImage& image);
  Result<std::vector<ReadyMount>> make_mounts(const Pod& pod, const Container& container,
                                              const std::vector<Variable>& environment,
                                              const std::vector<std::string>& ips);
  bool in_restart_backoff(const Pod& pod, const Container& container, const ContainerRecord& newest,
                          StartFailure& failure);
  bool run_post_start(const Pod& pod, const Container& container, const std::string& id, const Placed& placed,
                      StartFailure& failure);
  void run_pre_stop(const Pod& pod, const Container& container, const ContainerRecord& record,
                    Duration grace);
  /// `turn`, where given, waits after the preStop hook until the container may be stopped, for this long at
  /// most.
  Result<void> stop_container(const Pod& pod, const ContainerRecord& record, const std::string& message,
                              int64_t grace_s, const std::function<void(Duration)>& turn = nullptr);
  void remove_old_records(const RuntimePod& state, const std::string& container, size_t keep);
  /// Dead sandboxes of earlier attempts, once no container's record (the previous log) hangs on them.
  void remove_empty_sandboxes(const RuntimePod& state);
  Credentials pull_credentials(const Pod& pod, const std::string& image);
  int32_t restarts_by_logs(const Pod& pod, const std::string& container) const;
  std::string container_key(const Pod& pod, const Container& container) const;
  Monotonic finished_at(const ContainerRecord& record) const;

  Deps deps_;
  Options options_;
  mutable Backoff restarts_;
  std::atomic<bool> missing_dns_told_ = false;  ///< to the node, once
};

}  // namespace mizzen::kubelet
