#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/container/btree_map.h>

#include "api/registry/registry.h"
#include "auth/request/request_info.h"
#include "base/mutex.h"
#include "http/message/headers.h"
#include "http/message/url.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

using auth::RequestInfo;

/// What a request counts under. Every text is one of a fixed set, so that clients cannot make series.
struct RequestLabels {
  std::string_view verb;  ///< GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, CONNECT
  std::string_view dry_run;
  std::string_view scope;  ///< resource, namespace, cluster; empty for documents
  std::string_view subresource;
  std::string_view system_client;

  friend bool operator<(const RequestLabels& a, const RequestLabels& b) {
    return std::tie(a.verb, a.dry_run, a.scope, a.subresource, a.system_client) <
           std::tie(b.verb, b.dry_run, b.scope, b.subresource, b.system_client);
  }
};

/// Pure. By upstream's rules; for documents the subresource is their path ("/healthz").
RequestLabels request_labels(std::string_view method, const RequestInfo& info, const http::Query& query,
                             const http::Headers& headers, std::string_view path);

/// Role: counts requests under upstream's names. Place: one, owned by HttpApi. Requests that found no
/// resource (401, 403, 404 of unknown paths) are not counted, as upstream counts in the routes. Threading:
/// thread-safe; a finished request costs one look-up under a lock and a few atomics. Bounds: as Family.
class RequestMetrics {
 public:
  explicit RequestMetrics(Metrics& metrics);

  /// `resource` and `version` are null for documents. `bytes`: of the answer.
  struct Finished {
    const api::ResourceInfo* resource = nullptr;
    const api::ServedVersion* version = nullptr;
    RequestLabels labels;
    int code = 0;
    size_t bytes = 0;
    Duration took{};
  };
  void finished(const Finished& request);
  /// The resource is served no more: what was kept to count its requests quickly goes, the counts stay.
  void forget(const api::ResourceInfo& resource);

  /// Counts while it lives.
  using Guard = std::shared_ptr<void>;
  Guard in_flight(bool mutating);
  /// For watches and sessions, which are not in_flight.
  Guard long_running(const api::ResourceInfo& resource, const api::ServedVersion& version,
                     const RequestLabels& labels);

  /// Events sent to watchers of a version, resolved once per watch.
  struct WatchSeries {
    Counter& events;
    Histogram& sizes;
  };
  WatchSeries watch_series(const api::ResourceInfo& resource, const api::ServedVersion& version);

 private:
  struct Series {
    Counter* total = nullptr;
    Histogram* duration = nullptr;
    Histogram* sli_duration = nullptr;  ///< null for dry runs
    Histogram* size = nullptr;          ///< null for what is not read
    /// Keeps the version that is its key: another must not come to stand at the same address.
    api::ResourcePtr resource;
  };
  /// How many run, and the most that did since the last scrape.
  struct InFlight {
    std::atomic<int64_t> now = 0;
    std::atomic<int64_t> most = 0;
  };
  using Key = std::tuple<const api::ServedVersion*, RequestLabels, int>;
  Series make_series(const Finished& request);

  Family<Counter>& total_;
  Family<Histogram>& duration_;
  Family<Histogram>& sli_duration_;
  Family<Histogram>& sizes_;
  Family<Gauge>& long_running_;
  Family<Counter>& watch_events_;
  Family<Histogram>& watch_event_sizes_;
  Family<Gauge>& deprecated_;
  const std::shared_ptr<InFlight> reads_ = std::make_shared<InFlight>();
  const std::shared_ptr<InFlight> writes_ = std::make_shared<InFlight>();
  Mutex m_;
  absl::btree_map<Key, Series> series_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::apiserver
