#include "apiserver/registry/cache_metrics.h"

#include <fmt/format.h>

#include "apiserver/registry/core.h"
#include "base/version.h"

namespace mizzen::apiserver {
namespace {

using Samples = std::vector<Metrics::Sample>;

std::vector<std::string> labels_of(const api::ResourceInfo& r) { return {std::string(r.group()), r.plural}; }

}  // namespace

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
  metrics.gauge_collector(
      "apiserver_storage_size_bytes", "Bytes that the store takes.", {"storage_cluster_id"},
      [&core](Samples& out) {
        const auto size = core.store().size_bytes(Deadline::after(std::chrono::seconds(1), core.clock()));
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
