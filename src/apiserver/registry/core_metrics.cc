#include "apiserver/registry/core_metrics.h"

#include <fmt/format.h>

#include "apiserver/registry/core.h"
#include "base/version.h"

namespace mizzen::apiserver {
namespace {

using Samples = std::vector<Metrics::Sample>;

std::vector<std::string> labels_of(const api::ResourceInfo& r) {
  return {std::string(r.group()), std::string(r.plural)};
}

}  // namespace

StoreMetrics::StoreMetrics(Metrics& metrics, const api::ResourceInfo& resource) {
  const std::vector<std::string> names = {"operation", "group", "resource"};
  auto& seconds = metrics.histograms(
      "etcd_request_duration_seconds", "Time that calls of the store took, in seconds.", names,
      {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60});
  auto& total = metrics.counters("etcd_requests_total", "Calls of the store.", names);
  auto& errors = metrics.counters("etcd_request_errors_total", "Calls of the store that failed.", names);
  constexpr const char* kNames[] = {"get", "create", "update", "delete", "list"};
  for (size_t i = 0; i < series_.size(); ++i) {
    const std::vector<std::string> values = {kNames[i], std::string(resource.group()),
                                             std::string(resource.plural)};
    series_[i] = {&seconds.with(values), &total.with(values), &errors.with(values)};
  }
}

void StoreMetrics::record(Op op, bool failed, Duration took) const {
  const Series& s = series_[static_cast<size_t>(op)];
  s.seconds->observe(std::chrono::duration<double>(took).count());
  s.total->add();
  if (failed) s.errors->add();
}

AdmissionMetrics::AdmissionMetrics(Metrics& metrics) {
  const std::vector<double> buckets = {0.005, 0.025, 0.1, 0.5, 1, 2.5};
  auto& steps = metrics.histograms("apiserver_admission_step_admission_duration_seconds",
                                   "Time of all of admission for a request, in seconds.",
                                   {"operation", "rejected", "type"}, buckets);
  auto& parts = metrics.histograms("apiserver_admission_controller_admission_duration_seconds",
                                   "Time of one part of admission, in seconds.",
                                   {"name", "operation", "rejected", "type"}, buckets);
  constexpr const char* kNames[] = {"", "NamespaceLifecycle", "ServiceAccount", "Priority",
                                    "DefaultTolerationSeconds"};
  for (size_t part = 0; part < series_.size(); ++part)
    for (const bool create : {false, true})
      for (const bool rejected : {false, true}) {
        std::vector<std::string> values = {create ? "CREATE" : "UPDATE", rejected ? "true" : "false",
                                           "admit"};
        Histogram*& slot = series_[part][create][rejected];
        if (part == 0) {
          slot = &steps.with(std::move(values));
        } else if (create) {  // the parts see creations only
          values.insert(values.begin(), kNames[part]);
          slot = &parts.with(std::move(values));
        }
      }
}

void AdmissionMetrics::record(Part part, bool create, bool rejected, Duration took) const {
  if (Histogram* h = series_[static_cast<size_t>(part)][create][rejected])
    h->observe(std::chrono::duration<double>(took).count());
}

void register_cache_metrics(Metrics& metrics, Core& core) {
  const auto each = [&core](const std::function<double(const ResourceCache&)>& read) {
    return [&core, read](Samples& out) {
      core.each_cache(
          [&](const ResourceCache& cache) { out.push_back({labels_of(cache.resource()), read(cache)}); });
    };
  };
  const std::vector<std::string> names = {"group", "resource"};
  metrics.gauge_collector("apiserver_resource_objects", "Objects of each resource.", names,
                          each([](const ResourceCache& c) { return static_cast<double>(c.size()); }));
  metrics.gauge_collector("apiserver_storage_objects",
                          "Objects of each resource (use apiserver_resource_objects).", {"resource"},
                          [&core](Samples& out) {
                            core.each_cache([&](const ResourceCache& c) {
                              out.push_back({{c.resource().qualified()}, static_cast<double>(c.size())});
                            });
                          });
  metrics.gauge_collector("apiserver_watch_cache_resource_version",
                          "The revision that each watch cache has reached.", names,
                          each([](const ResourceCache& c) { return static_cast<double>(c.revision()); }));
  const auto counted = [&](const char* name, const char* help, uint64_t ResourceCache::Stats::* member) {
    metrics.counter_collector(name, help, names, each([member](const ResourceCache& c) {
                                return static_cast<double>(c.stats().*member);
                              }));
  };
  counted("apiserver_watch_cache_events_received_total", "Changes that a watch cache got from the store.",
          &ResourceCache::Stats::received);
  counted("apiserver_storage_events_received_total", "Changes that the store has told.",
          &ResourceCache::Stats::received);
  counted("apiserver_watch_cache_events_dispatched_total",
          "Changes that a watch cache has handed to its watchers.", &ResourceCache::Stats::dispatched);
  counted("apiserver_init_events_total", "Changes and objects that watches began with.",
          &ResourceCache::Stats::initial);
  counted("apiserver_watch_cache_initializations_total", "How often a watch cache was loaded.",
          &ResourceCache::Stats::loads);
  metrics.gauge_collector("apiserver_storage_size_bytes", "Bytes that the store takes.",
                          {"storage_cluster_id"}, [&core](Samples& out) {
                            const auto size =
                                core.store().size_bytes(Deadline::after(std::chrono::seconds(1)));
                            if (size.ok()) out.push_back({{"etcd-0"}, static_cast<double>(*size)});
                          });
}

void register_build_info(Metrics& metrics) {
  metrics
      .gauges("kubernetes_build_info", "1, with what runs as labels.",
              {"major", "minor", "git_version", "git_commit", "git_tree_state", "build_date", "go_version",
               "compiler", "platform"})
      .with({"1", "36", fmt::format("v1.36.2+mizzen.{}", kVersion), std::string(kCommit), "clean",
             std::string(kBuildDate), "none", std::string(kCompiler), "linux/amd64"})
      .set(1);
}

}  // namespace mizzen::apiserver
