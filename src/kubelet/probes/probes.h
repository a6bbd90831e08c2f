#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "async/gate.h"
#include "async/mutex.h"
#include "kubelet/decide/pod_actions.h"
#include "kubelet/probes/handler_run.h"
#include "kubelet/state/events.h"

namespace mizzen::kubelet {

enum class ProbeKind : uint8_t { Liveness, Readiness, Startup };

/// Role: runs the probes of all containers at their times and keeps what they found. Holds no thread: tick()
/// starts what is due, and is told later. Place: the pod workers tell it what runs after each sync and
/// ask it before the next one; the kubelet's loop ticks it. Truth: results belong to a container id; after a
/// restart of ours readiness starts from what was published. Threading: thread-safe. on_change is called
/// without locks held. A readiness or startup probe whose first run failed is looked at again within its
/// first period, in growing steps: such a look makes the container ready sooner, and its failure counts for
/// nothing and is told to nobody, so that thresholds are reached no sooner than upstream's. Bounds: one run
/// of a probe at a time; none is queued twice.
class ProbeManager {
 public:
  struct Deps {
    HandlerRunner& runner;
    Events& events;
    const Clock& clock;
    std::function<void(const std::string& uid)> on_change;
    bool early_looks = true;
  };
  explicit ProbeManager(Deps deps) : deps_(std::move(deps)) {}

  /// Takes over the pod's probes as they are declared and the containers as they run. `ready_before`:
  /// containers (ids) that were published as ready by an earlier run of the node.
  void update(const std::shared_ptr<const Pod>& pod, const RuntimePod& state, const std::string& pod_ip,
              const std::set<std::string>& ready_before);
  /// The pod is being taken down: liveness and startup no longer matter.
  void stop_liveness(const std::string& uid);
  void remove(const std::string& uid);

  ProbeVerdicts verdicts(const Pod& pod, const RuntimePod& state) const;
  /// Running containers that are ready: readiness probe succeeded, or none and started.
  std::set<std::string> ready_ids(const Pod& pod, const RuntimePod& state) const;

  /// Starts the probes that are due; when the next one is.
  Monotonic tick();
  /// Ends what is under way and waits for it; nothing begins any more.
  void stop();

 private:
  struct Key {
    std::string uid, container;
    ProbeKind kind;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Worker {
    std::shared_ptr<const Pod> pod;
    api::core::v1::Probe probe;
    std::string container_id, pod_ip;
    bool running = false;
    bool on_hold = false;  ///< decided: waits for another container
    bool in_flight = false;
    std::optional<bool> result;
    int last = -1;  ///< outcome of the last runs: 0 failure, 1 success
    int run = 0;    ///< how many in a row
    Monotonic due;
    /// Of looks between the first run and the second: when, and how long after the one before.
    Monotonic early_due = Monotonic::max();
    Duration early_step = Duration::zero();
    bool early = false;  ///< what is in flight is one of them
    codec::Time started;
  };
  void adopt(const Key& key, Worker& worker, const ContainerRecord& record, bool ready_before)
      MZ_REQUIRES(m_);
  bool may_run(const Key& key, const Worker& worker) const MZ_REQUIRES(m_);
  bool startup_done(const std::string& uid, const std::string& container, const std::string& id) const
      MZ_REQUIRES(m_);
  /// One run of a probe, up to kTriesMax tries where it cannot tell.
  void execute(const Key& key, int tries_left);
  void executed(const Key& key, const Worker& as_begun, HandlerResult result);
  bool count(const Key& key, const HandlerResult& result);
  /// Sets the run that begins at `now`, and what comes after it.
  void begin_run(const Key& key, Worker& worker, Monotonic now) MZ_REQUIRES(m_);

  Deps deps_;
  Gate gate_;
  StopSource stop_;
  mutable Mutex m_;
  std::map<Key, Worker> workers_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::kubelet
