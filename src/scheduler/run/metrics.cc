#include "scheduler/run/metrics.h"

#include "scheduler/run/scheduler.h"

namespace mizzen::scheduler {
namespace {

constexpr const char* kQueueNames[] = {"active", "backoff", "unschedulable", "gated"};
/// kube-scheduler's names of events; it tells changes of the cluster apart, which come together here.
constexpr const char* kWhyNames[] = {
    "UnschedulablePodAdd", "UnschedulablePodUpdate", "ClusterChange",       "BackoffComplete",
    "PopFromBackoffQ",     "ScheduleAttemptFailure", "UnschedulableTimeout"};

}  // namespace

SchedulerMetrics::SchedulerMetrics(Metrics& metrics)
    : algorithm_(metrics.histogram("scheduler_scheduling_algorithm_duration_seconds",
                                   "Time of deciding on a node, in seconds.",
                                   exponential_buckets(0.001, 2, 15))),
      attempts_(metrics.histogram("scheduler_pod_scheduling_attempts", "Attempts until a pod found its node.",
                                  exponential_buckets(1, 2, 5))) {
  auto& total = metrics.counters("scheduler_schedule_attempts_total",
                                 "Attempts to schedule a pod, by what they came to.", {"result", "profile"});
  auto& seconds = metrics.histograms("scheduler_scheduling_attempt_duration_seconds",
                                     "Time of an attempt: the decision and the binding, in seconds.",
                                     {"result", "profile"}, exponential_buckets(0.001, 2, 15));
  constexpr const char* kResults[] = {"scheduled", "unschedulable", "error"};
  for (size_t i = 0; i < total_.size(); ++i) {
    total_[i] = &total.with({kResults[i], Scheduler::kName});
    seconds_[i] = &seconds.with({kResults[i], Scheduler::kName});
  }
}

void SchedulerMetrics::attempted(Result result, Duration took) {
  total_[static_cast<size_t>(result)]->add();
  seconds_[static_cast<size_t>(result)]->observe(std::chrono::duration<double>(took).count());
}

void pending_samples(const PendingPods& pending, std::vector<Metrics::Sample>& out) {
  const auto waiting = pending.waiting();
  for (size_t q = 0; q < waiting.size(); ++q)
    out.push_back({{kQueueNames[q]}, static_cast<double>(waiting[q])});
}

void incoming_samples(const PendingPods& pending, std::vector<Metrics::Sample>& out) {
  const auto& counts = pending.incoming();
  for (size_t q = 0; q < counts.size(); ++q)
    for (size_t w = 0; w < counts[q].size(); ++w)
      if (counts[q][w] > 0)
        out.push_back({{kQueueNames[q], kWhyNames[w]}, static_cast<double>(counts[q][w])});
}

}  // namespace mizzen::scheduler
