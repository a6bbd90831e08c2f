// Watches over HTTP: frames from the cache's changes, paced by the peer.
#include <fmt/format.h>

#include "apiserver/cache/cache.h"
#include "apiserver/request/query_numbers.h"
#include "apiserver/verbs/http_api.h"
#include "apiserver/verbs/watch_session.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

constexpr int64_t kTimeoutSecondsMin = 1800;
constexpr int64_t kTimeoutSecondsMax = 365LL * 24 * 3600;
constexpr Duration kFreshMax = std::chrono::seconds(3);

/// How a watch request wants to start.
struct WatchQuery {
  WatchStart start;
  int64_t timeout_seconds = 0;
  int64_t fresh = 0;  ///< revision the cache must have reached first
  bool newest = false;
};

Result<WatchQuery> parse_watch_query(const http::Query& q) {
  WatchQuery out;
  MZ_ASSIGN(const ListNumbers numbers, read_list_numbers(q));
  out.timeout_seconds = numbers.timeout_seconds;
  machinery::FieldErrors errors;
  const std::string rv(q.get("resourceVersion"));
  const std::string match(q.get("resourceVersionMatch"));
  const bool has_initial = q.has("sendInitialEvents");
  const bool initial = has_initial && q.flag("sendInitialEvents");
  out.start.bookmarks = q.has("allowWatchBookmarks") && q.flag("allowWatchBookmarks");
  if (has_initial && match != "NotOlderThan")
    errors.forbidden(machinery::Path("resourceVersionMatch"),
                     "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (!has_initial && !match.empty())
    errors.forbidden(machinery::Path("resourceVersionMatch"),
                     "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (!match.empty() && match != "NotOlderThan")
    errors.not_supported(machinery::Path("resourceVersionMatch"), match, {"NotOlderThan"});
  if (!errors.empty()) return errors.to_error("meta.k8s.io", "ListOptions", "");
  MZ_ASSIGN(const int64_t revision, read_revision(rv));
  out.newest = rv.empty();
  if (has_initial) {
    out.start.initial_end_bookmark = initial && out.start.bookmarks;
    out.fresh = revision;
    if (!initial) out.start.from = revision > 0 ? revision : -1;  // -1: from whatever the cache has now
  } else if (revision > 0) {
    out.start.from = revision;
  }
  return out;
}

}  // namespace

void HttpApi::watch(const HandlingPtr& h) {
  auto query = parse_watch_query(h->query);
  if (!query.ok()) return fail(h, query.error());
  auto filter = make_filter(*h->view.resource, h->view.resource->namespaced ? h->info.namespace_ : "",
                            std::string(h->query.get("labelSelector")),
                            std::string(h->query.get("fieldSelector")), h->view.version);
  if (!filter.ok()) return fail(h, filter.error());
  if (!h->info.name.empty()) filter->name = h->info.name;
  const bool newest = query->newest;
  const int64_t fresh = query->fresh;
  // A list in the stream that asks for more than there is fails in the stream, as upstream's does.
  const bool in_stream = query->start.initial_end_bookmark;
  auto begin = [this, h, start = query->start, timeout = query->timeout_seconds,
                f = std::move(*filter)](const std::optional<Error>& refused) mutable {
    begin_watch(h, start, timeout, std::move(f), refused);
  };
  if (newest) return when_newest(h, [begin = std::move(begin)]() mutable { begin(std::nullopt); });
  if (!in_stream || h->store->cache().revision() >= fresh)
    return when_fresh(h, fresh, [begin = std::move(begin)]() mutable { begin(std::nullopt); });
  h->store->cache().when_reached(fresh, Deadline::after(kFreshMax, deps_.core.clock()),
                                 [this, h, begin = std::move(begin)](const Result<void>& reached) mutable {
                                   std::optional<Error> refused;
                                   if (!reached.ok()) refused = reached.error();
                                   post(h, [begin = std::move(begin), refused]() mutable { begin(refused); });
                                 });
}

void HttpApi::begin_watch(const HandlingPtr& h, WatchStart start, int64_t timeout_seconds, Filter filter,
                          const std::optional<Error>& refused) {
  http::Headers headers;
  headers.add("Audit-Id", h->context->audit_id);
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", std::string(h->view.media.stream_type()));
  if (h->view.version && !h->view.version->warning.empty())
    headers.add("Warning", fmt::format("299 - {}", quote(h->view.version->warning)));
  const http::StreamPtr stream = h->exchange->start_stream(200, std::move(headers));
  if (!stream) return;
  auto session = std::make_shared<WatchSession>(
      h->view, stream, request_metrics_.watch_series(*h->view.resource, *h->view.version));
  stream->on_drained([weak = std::weak_ptr(session)] {
    if (auto s = weak.lock()) s->drained();
  });
  http::Loop& loop = h->exchange->loop();
  const int64_t seconds =
      timeout_seconds > 0
          ? std::min(timeout_seconds, kTimeoutSecondsMax)
          : kTimeoutSecondsMin + static_cast<int64_t>(deps_.core.random().below(kTimeoutSecondsMin));
  const auto timer = loop.after(std::chrono::seconds(seconds), [weak = std::weak_ptr(session)] {
    if (auto s = weak.lock()) s->finish();
  });
  // A server that stops ends its watches in order: their clients go on elsewhere, or with the next one.
  auto stopping = stopping_.token().on_stop([&loop, weak = std::weak_ptr(session)] {
    loop.post([weak] {
      if (auto s = weak.lock()) s->finish();
    });
  });
  // The closing callback owns the session: it lives as long as the stream.
  // It does not own the request, which is as big as an idle watch itself.
  RequestMetrics::Finished answer{h->view.resource.get(), h->view.version, h->labels, 200, 0, {}};
  auto open = request_metrics_.long_running(*h->view.resource, *h->view.version, h->labels);
  stream->on_closed([this, session, &loop, timer, open = std::move(open), answer, started = h->started,
                     stopping = std::move(stopping)]() mutable {
    loop.cancel(timer);
    session->closed();
    open.reset();
    answer.took = deps_.core.clock().monotonic() - started;
    request_metrics_.finished(answer);
  });
  if (refused) return session->on_end(*refused);
  ResourceCache& cache = h->store->cache();
  if (start.from && *start.from < 0) start.from = cache.revision();
  auto subscription = cache.subscribe(lanes_.of(loop), std::move(filter), start, session);
  if (!subscription.ok()) return session->on_end(subscription.error());
  session->begin(std::move(*subscription));
}

}  // namespace mizzen::apiserver
