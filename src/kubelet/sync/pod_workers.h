#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/executor.h"
#include "async/mutex.h"
#include "base/random.h"
#include "kubelet/probes/probes.h"
#include "kubelet/status/status_manager.h"
#include "kubelet/sync/pod_runner.h"

namespace mizzen::kubelet {

/// Role: remembers which pods this node should run and drives each one, alone, towards that.
/// Place: made by Kubelet; fed by the pod source, the relist and the probes.
/// Truth: derived: what is wanted is the API's, what is so is the runtime's; after a restart both are read
/// again. Threading: thread-safe. At most one step of a pod runs at a time, on the executor. Invariants: I1 a
/// UID that began terminating never starts a container again. I2 at most one wish per UID is waiting.
/// Failure: a failed step is repeated after a pause; every step may be repeated.
/// Bounds: Options::pods_max; a pod beyond it is refused (phase Failed, reason OutOfpods) before any side
/// effect.
class PodWorkers {
 public:
  struct Options {
    size_t pods_max = 110;
    Duration resync =
        std::chrono::seconds(60);  ///< stretched by up to a half, so that pods do not sync together
    Duration retry = std::chrono::seconds(10);
    Duration retry_network = std::chrono::seconds(1);
    std::vector<std::string> host_ips;
    std::string runtime_name = "containerd";
  };
  struct Deps {
    cri::Runtime& runtime;
    PodRunner& runner;
    ProbeManager& probes;
    StatusManager& statuses;
    Events& events;
    Executor& executor;
    const Clock& clock;
    Random& random;
    std::function<void()> wake;                    ///< told when next_due() may have become earlier
    std::function<std::string()> network_problem;  ///< empty: the network is ready
  };
  PodWorkers(Deps deps, Options options) : deps_(std::move(deps)), options_(std::move(options)) {}

  /// A pod is to run here, or changed.
  void upsert(const std::shared_ptr<const Pod>& pod);
  /// A pod is gone from the API.
  void gone(const std::string& uid);
  /// Something happened to the pod; look at it soon.
  void kick(const std::string& uid);
  /// Starts steps that are due; when the next one is.
  Monotonic tick();
  bool knows(const std::string& uid) const;
  /// The pods as they are wanted, with the status last published.
  std::vector<std::shared_ptr<const Pod>> pods() const;
  std::shared_ptr<const Pod> find(const std::string& namespace_, const std::string& name) const;
  /// No step runs or starts after this returned.
  void stop();

 private:
  enum class Stage : uint8_t { Running, Terminating, Finished };
  struct Entry {
    std::shared_ptr<const Pod> pod;
    Stage stage = Stage::Running;
    bool gone = false;
    bool working = false;
    bool again = false;
    bool rejected = false;
    int64_t grace_s = 0;  ///< once terminating; only shrinks
    Failures failures;
    Monotonic due = Monotonic::max();
  };
  struct Step {  // what a step may touch without the lock
    std::shared_ptr<const Pod> pod;
    Stage stage;
    bool gone;
    int64_t grace_s;
    Failures failures;
  };
  struct Outcome {
    Stage stage;
    Duration again_in;
    bool forget = false;
  };
  void start(const std::string& uid);
  void work(const std::string& uid);
  Outcome step(Step& step);
  Outcome sync(Step& step, const RuntimePod& state);
  Outcome terminate(Step& step, RuntimePod state);
  Outcome finished(Step& step);
  PodStatus make_status(const Step& step, const RuntimePod& state, bool terminating);
  PodStatus published(const Pod& pod) const;
  std::string pod_ip(const Pod& pod, const RuntimePod& state) const;
  Duration spread(Duration d);
  bool reject(const std::shared_ptr<const Pod>& pod);

  Deps deps_;
  const Options options_;
  mutable Mutex m_;
  CondVar idle_;
  std::map<std::string, Entry> entries_ MZ_GUARDED_BY(m_);
  size_t working_ MZ_GUARDED_BY(m_) = 0;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
