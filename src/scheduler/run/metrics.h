#pragma once
#include <array>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "scheduler/queue/queue.h"
#include "telemetry/metrics.h"

namespace mizzen::scheduler {

/// Role: what the scheduler counts, under kube-scheduler's names. Threading: thread-safe; immutable.
class SchedulerMetrics {
 public:
  enum class Result : uint8_t { Scheduled, Unschedulable, Error };
  explicit SchedulerMetrics(Metrics& metrics);
  void attempted(Result result, Duration took);
  void algorithm(Duration took) { algorithm_.observe(std::chrono::duration<double>(took).count()); }
  /// A pod found its node at the n-th attempt.
  void scheduled(int attempts) { attempts_.observe(attempts); }

 private:
  std::array<Counter*, 3> total_{};
  std::array<Histogram*, 3> seconds_{};
  Histogram& algorithm_;
  Histogram& attempts_;
};

/// Samples of scheduler_pending_pods and scheduler_queue_incoming_pods_total.
void pending_samples(const PendingPods& pending, std::vector<Metrics::Sample>& out);
void incoming_samples(const PendingPods& pending, std::vector<Metrics::Sample>& out);

}  // namespace mizzen::scheduler
