#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "kubelet/eviction/ranking.h"
#include "kubelet/runtime/runtime_cache.h"
#include "kubelet/state/events.h"
#include "kubelet/stats/stats_manager.h"
#include "kubelet/work/pod_workers.h"

namespace mizzen::kubelet {

/// Role: sees what runs short on the node, says so (pressures()), gives back what nobody needs, and then
/// takes down pods, one at a time, until there is enough; and takes down pods that store more than they may.
/// Place: ticked by the kubelet's housekeeping, as upstream every 10 s. Truth: StatsManager's, read in each
/// round; how long something has been short is counted since the agent started. Kubernetes contract:
/// upstream's thresholds, order of pods, reasons and messages; critical pods never go. It differs in that a
/// pod that was told to go is not told again. Threading: thread-safe; rounds come one at a time on the
/// executor, tick() does not block. Failure: what is not known is not acted on.
class EvictionManager {
 public:
  struct Deps {
    StatsManager& stats;
    PodWorkers& workers;
    const RuntimeCache& cache;
    Events& events;
    Executor& executor;
    Alarms& alarms;
    const Clock& clock;
    /// Takes away dead containers and unused images, and tells when it is done; nobody is told after the end
    /// of this.
    std::function<void(std::function<void()> done)> reclaim;
  };
  EvictionManager(Deps deps, EvictionConfig config) : deps_(std::move(deps)), config_(std::move(config)) {}
  ~EvictionManager() { stop(); }

  void tick();
  Pressures pressures() const;
  /// Nothing is begun any more; waits for the round under way. The alarms tick no more then, or on this
  /// thread.
  void stop();

  /// How long the next victim waits for the last one to be gone.
  static constexpr Duration kCleanupMax = std::chrono::seconds(30);
  static constexpr Duration kCleanupEvery = std::chrono::seconds(1);

 private:
  void post(void (EvictionManager::*round)());
  void round();
  /// After what nobody needs was given back.
  void reclaimed();
  PodList candidates() const;
  StatsManager::Depth depth_for(const PodList& pods) const;
  bool is_cleaning_up();
  bool end_pods_over_limits(const PodList& pods, const Summary& summary);
  void end_one(size_t threshold);
  bool end(const Pod& pod, int64_t grace_s, const std::string& message, bool disruption);
  int64_t grace_of(const Pod& pod, const Threshold& threshold) const;
  bool gives_back(Signal signal) const;
  void again_in(Duration wait);
  void ended();

  const Deps deps_;
  const EvictionConfig config_;
  Gate gate_;
  mutable Mutex m_;
  bool under_way_ MZ_GUARDED_BY(m_) = false;
  Pressures pressures_ MZ_GUARDED_BY(m_);
  Alarms::Id alarm_ MZ_GUARDED_BY(m_) = 0;
  // Only in rounds:
  ThresholdHistory history_;
  size_t reclaiming_ = 0;          ///< the threshold that reclaimed() is about
  std::set<std::string> told_;     ///< to go, by uid
  std::set<std::string> victims_;  ///< of the last round
  Monotonic cleanup_until_{};
};

}  // namespace mizzen::kubelet
