#include "apiserver/request/request_metrics.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace mizzen::apiserver {
namespace {

constexpr size_t kSeriesMax = 4096;

std::vector<double> duration_buckets() {
  return {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1,  1.25, 1.5, 2,
          3,     4,     5,    6,   8,   10,  15,  20,  30, 45,   60};
}
std::vector<double> sli_buckets() {
  return {0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60};
}

const std::vector<std::string> kRequest = {"verb",        "group", "version",  "resource",
                                           "subresource", "scope", "component"};

std::vector<std::string> with_dry_run(std::vector<std::string> labels) {
  labels.insert(labels.begin() + 1, "dry_run");
  return labels;
}

constexpr std::string_view kClients[] = {"kube-apiserver", "kube-controller-manager", "kube-scheduler"};
constexpr std::string_view kDocuments[] = {"/api",     "/apis",       "/healthz",    "/livez",  "/readyz",
                                           "/metrics", "/openapi/v2", "/openapi/v3", "/version"};

/// The member of a fixed set, whose text lasts; empty where it is none.
template <size_t N>
std::string_view known(const std::string_view (&set)[N], std::string_view text) {
  const auto it = std::find(std::begin(set), std::end(set), text);
  return it == std::end(set) ? std::string_view() : *it;
}

std::string_view scope_of(const RequestInfo& info) {
  if (!info.name.empty() || info.verb == api::Verb::Create) return "resource";
  if (!info.namespace_.empty()) return "namespace";
  return info.is_resource ? "cluster" : "";
}

std::string_view verb_of(std::string_view method, const RequestInfo& info, std::string_view scope,
                         const http::Headers& headers) {
  const api::SubresourceRow* row = api::find_subresource(info.subresource);
  if (info.is_resource && row && row->connects()) return "CONNECT";
  if (info.verb == api::Verb::Watch) return "WATCH";
  if (method == "GET" || method == "HEAD") return scope.empty() || scope == "resource" ? "GET" : "LIST";
  if (method == "PATCH")
    return headers.get("Content-Type").starts_with("application/apply-patch") ? "APPLY" : "PATCH";
  constexpr std::string_view kMethods[] = {"POST", "PUT", "DELETE"};
  const std::string_view verb = known(kMethods, method);
  return verb.empty() ? "other" : verb;
}

std::string_view dry_run_of(const http::Query& query) {
  std::string_view out;
  for (const std::string_view v : query.all("dryRun")) {
    if (v != "All") return "invalid";
    out = "All";
  }
  return out;
}

}  // namespace

RequestLabels request_labels(std::string_view method, const RequestInfo& info, const http::Query& query,
                             const http::Headers& headers, std::string_view path) {
  RequestLabels out;
  out.scope = scope_of(info);
  out.verb = verb_of(method, info, out.scope, headers);
  out.dry_run = dry_run_of(query);
  if (info.is_resource && !info.resource.empty()) {
    if (const auto* row = api::find_subresource(info.subresource)) out.subresource = row->name;
  } else {
    out.scope = "";
    if (out.verb == "LIST") out.verb = "GET";
    for (const std::string_view document : kDocuments)
      if (path == document || (path.starts_with(document) && path[document.size()] == '/'))
        out.subresource = document;
  }
  const std::string_view agent = headers.get("User-Agent");
  const size_t slash = agent.find('/');
  if (slash != std::string_view::npos) out.system_client = known(kClients, agent.substr(0, slash));
  return out;
}

RequestMetrics::RequestMetrics(Metrics& metrics)
    : total_(metrics.counters("apiserver_request_total",
                              "Requests by verb, dry run, resource, scope, client and HTTP code.",
                              {"verb", "dry_run", "group", "version", "resource", "subresource", "scope",
                               "component", "code", "system_client"})),
      duration_(metrics.histograms("apiserver_request_duration_seconds",
                                   "Time from a request's arrival to its answer, in seconds.",
                                   with_dry_run(kRequest), duration_buckets())),
      sli_duration_(metrics.histograms("apiserver_request_sli_duration_seconds",
                                       "The same without dry runs and the time spent in webhooks.", kRequest,
                                       sli_buckets())),
      sizes_(metrics.histograms("apiserver_response_sizes", "Bytes of answers to reads.", kRequest,
                                exponential_buckets(1000, 10, 7))),
      long_running_(
          metrics.gauges("apiserver_longrunning_requests", "Watches and sessions that are open.", kRequest)),
      watch_events_(metrics.counters("apiserver_watch_events_total", "Events sent to watching clients.",
                                     {"group", "version", "resource"})),
      watch_event_sizes_(
          metrics.histograms("apiserver_watch_events_sizes", "Bytes of events sent to watching clients.",
                             {"group", "version", "resource"}, exponential_buckets(1024, 2, 8))),
      deprecated_(metrics.gauges("apiserver_requested_deprecated_apis",
                                 "1 for each deprecated version that somebody has asked for.",
                                 {"group", "version", "resource", "subresource", "removed_release"})) {
  metrics.gauge_collector(
      "apiserver_current_inflight_requests",
      "The most requests that ran at once since the last scrape, without watches and sessions.",
      {"request_kind"}, [reads = reads_, writes = writes_](std::vector<Metrics::Sample>& out) {
        const auto take = [&](const char* kind, InFlight& f) {
          out.push_back({{kind}, static_cast<double>(f.most.exchange(f.now.load()))});
        };
        take("mutating", *writes);
        take("readOnly", *reads);
      });
}

RequestMetrics::Series RequestMetrics::make_series(const Finished& request) {
  const RequestLabels& l = request.labels;
  const bool about = request.resource != nullptr && request.version != nullptr;
  const std::string group(about ? request.version->group : ""),
      version(about ? request.version->version : "");
  const std::string resource(about ? request.resource->plural : "");
  std::vector<std::string> labels = {
      std::string(l.verb),  group,      version, resource, std::string(l.subresource),
      std::string(l.scope), "apiserver"};
  Series out;
  if (about) out.resource = request.resource->share();
  if (l.dry_run.empty()) out.sli_duration = &sli_duration_.with(labels);
  if (l.verb == "GET" || l.verb == "LIST") out.size = &sizes_.with(labels);
  if (about && !request.version->warning.empty())
    deprecated_
        .with({group, version, resource, std::string(l.subresource),
               std::string(request.version->removed_release)})
        .set(1);
  labels.insert(labels.begin() + 1, std::string(l.dry_run));
  out.duration = &duration_.with(labels);
  labels.push_back(std::to_string(request.code));
  labels.emplace_back(l.system_client);
  out.total = &total_.with(std::move(labels));
  return out;
}

void RequestMetrics::finished(const Finished& request) {
  Series series;
  {
    Lock lock(m_);
    const Key key{request.version, request.labels, request.code};
    auto it = series_.find(key);
    if (it == series_.end()) {
      // Resources times verbs times codes: reached by a bug only, and then only slower.
      if (series_.size() >= kSeriesMax) series_.clear();
      it = series_.emplace(key, make_series(request)).first;
    }
    series = it->second;
  }
  const double seconds = std::chrono::duration<double>(request.took).count();
  series.total->add();
  series.duration->observe(seconds);
  if (series.sli_duration) series.sli_duration->observe(seconds);
  if (series.size) series.size->observe(static_cast<double>(request.bytes));
}

void RequestMetrics::forget(const api::ResourceInfo& resource) {
  Lock lock(m_);
  absl::erase_if(series_, [&](const auto& s) { return s.second.resource.get() == &resource; });
}

RequestMetrics::Guard RequestMetrics::in_flight(bool mutating) {
  const auto counted = mutating ? writes_ : reads_;
  const int64_t now = counted->now.fetch_add(1, std::memory_order_relaxed) + 1;
  int64_t most = counted->most.load(std::memory_order_relaxed);
  while (most < now && !counted->most.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
  return Guard(counted.get(), [counted](void*) {
    const int64_t running = counted->now.fetch_sub(1, std::memory_order_relaxed);
    MZ_CHECK(running > 0, "a request ends that never began");
  });
}

RequestMetrics::Guard RequestMetrics::long_running(const api::ResourceInfo& resource,
                                                   const api::ServedVersion& version,
                                                   const RequestLabels& labels) {
  Gauge* gauge =
      &long_running_.with({std::string(labels.verb), version.group, version.version, resource.plural,
                           std::string(labels.subresource), std::string(labels.scope), "apiserver"});
  gauge->add(1);
  return Guard(gauge, [gauge](void*) { gauge->add(-1); });
}

RequestMetrics::WatchSeries RequestMetrics::watch_series(const api::ResourceInfo& resource,
                                                         const api::ServedVersion& version) {
  const std::vector<std::string> labels = {version.group, version.version, resource.plural};
  return {watch_events_.with(labels), watch_event_sizes_.with(labels)};
}

}  // namespace mizzen::apiserver
