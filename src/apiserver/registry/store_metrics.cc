#include "apiserver/registry/store_metrics.h"

namespace mizzen::apiserver {

StoreMetrics::StoreMetrics(Metrics& metrics, const api::ResourceInfo& resource) {
  const std::vector<std::string> names = {"operation", "group", "resource"};
  auto& seconds = metrics.histograms(
      "etcd_request_duration_seconds", "Time that calls of the store took, in seconds.", names,
      {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60});
  auto& total = metrics.counters("etcd_requests_total", "Calls of the store.", names);
  auto& errors = metrics.counters("etcd_request_errors_total", "Calls of the store that failed.", names);
  constexpr const char* kNames[] = {"get", "create", "update", "delete", "list"};
  for (size_t i = 0; i < series_.size(); ++i) {
    const std::vector<std::string> values = {kNames[i], std::string(resource.group()), resource.plural};
    series_[i] = {&seconds.with(values), &total.with(values), &errors.with(values)};
  }
}

void StoreMetrics::record(Op op, bool failed, Duration took) const {
  const Series& s = series_[static_cast<size_t>(op)];
  s.seconds->observe(std::chrono::duration<double>(took).count());
  s.total->add();
  if (failed) s.errors->add();
}

}  // namespace mizzen::apiserver
