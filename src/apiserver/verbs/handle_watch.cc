// Watches over HTTP: frames from the cache's changes, paced by the peer.
#include <fmt/format.h>

#include <deque>

#include "apiserver/loopback/loopback.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

/// Bytes that may wait for one slow watcher beyond its stream's own buffer; then it is cut and resumes from
/// its last revision. Slices are shared between watchers, so this bounds a laggard, not memory times
/// watchers.
constexpr size_t kPendingBytesMax = 64u << 20;
constexpr int64_t kTimeoutSecondsMin = 1800;
constexpr Duration kFreshMax = std::chrono::seconds(3);
/// How long a watch may wait for what the store remembers from before the cache.
constexpr Duration kBackfillMax = std::chrono::seconds(10);

/// One watch: frames in order, as fast as the peer takes them.
class WatchSession : public std::enable_shared_from_this<WatchSession> {
 public:
  WatchSession(View view, http::StreamPtr stream, RequestMetrics::WatchSeries counted)
      : view_(std::move(view)), stream_(std::move(stream)), counted_(counted) {}

  void begin(std::unique_ptr<Subscription> subscription) {
    Lock lock(m_);
    if (closed_) {
      gone_ = std::move(subscription);
    } else {
      subscription_ = std::move(subscription);
    }
  }

  void on_changes(const std::vector<Change>& changes) {
    {
      Lock lock(m_);
      if (closed_) return;
      for (const Change& change : changes) {
        pending_.push_back(encode_change(view_, change, first_));
        first_ = false;
        pending_bytes_ += pending_.back().size();
        counted_.events.add();
        counted_.sizes.observe(static_cast<double>(pending_.back().size()));
      }
    }
    pump();
  }

  void pump() {
    Lock lock(m_);
    while (!pending_.empty()) {
      const auto result = stream_->write(pending_.front());
      if (result == http::Stream::Write::Full) {
        if (pending_bytes_ > kPendingBytesMax) {
          stream_->cut();
          pending_.clear();
          pending_bytes_ = 0;
        }
        return;
      }
      pending_bytes_ -= pending_.front().size();
      pending_.pop_front();
      if (result == http::Stream::Write::Closed) {
        pending_.clear();
        pending_bytes_ = 0;
      }
    }
    if (ending_) stream_->finish();
  }

  void finish() {
    {
      Lock lock(m_);
      ending_ = true;
    }
    pump();
  }

  void fail(const Error& error) {
    {
      Lock lock(m_);
      pending_.push_back(encode_watch_error(view_, error));
      pending_bytes_ += pending_.back().size();
    }
    finish();
  }

  void close() {
    std::unique_ptr<Subscription> subscription;
    Lock lock(m_);
    closed_ = true;
    subscription = std::move(subscription_);
    pending_.clear();
    gone_ = std::move(subscription);
  }
  /// After close(), without the lock: waits for a running sink call.
  void release() {
    std::unique_ptr<Subscription> subscription;
    {
      Lock lock(m_);
      subscription = std::move(gone_);
    }
  }

 private:
  const View view_;
  const http::StreamPtr stream_;
  const RequestMetrics::WatchSeries counted_;
  Mutex m_;
  std::deque<http::Slice> pending_ MZ_GUARDED_BY(m_);
  size_t pending_bytes_ MZ_GUARDED_BY(m_) = 0;
  bool first_ MZ_GUARDED_BY(m_) = true;
  bool ending_ MZ_GUARDED_BY(m_) = false;
  bool closed_ MZ_GUARDED_BY(m_) = false;
  std::unique_ptr<Subscription> subscription_ MZ_GUARDED_BY(m_);
  std::unique_ptr<Subscription> gone_ MZ_GUARDED_BY(m_);
};

/// How a watch request wants to start.
struct WatchQuery {
  WatchStart start;
  int64_t fresh = 0;  ///< revision the cache must have reached first
  bool newest = false;
};

Result<WatchQuery> parse_watch_query(const http::Query& q) {
  WatchQuery out;
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
  int64_t revision = 0;
  if (!rv.empty()) {
    const auto parsed = parse_int<int64_t>(rv);
    if (!parsed || *parsed < 0) {
      errors.invalid(machinery::Path("resourceVersion"), rv,
                     fmt::format("strconv.ParseUint: parsing {}: invalid syntax", quote(rv)));
    } else {
      revision = *parsed;
    }
  }
  if (!errors.empty()) return errors.to_error("meta.k8s.io", "ListOptions", "");
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
  const std::optional<int64_t> query_from = query->start.from;
  // A list in the stream that asks for more than there is fails in the stream, as upstream's does.
  const bool in_stream = query->start.initial_end_bookmark;
  const auto refused = std::make_shared<std::optional<Error>>();
  auto begin = [this, h, refused, q = std::move(*query), f = std::move(*filter)]() mutable {
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
    auto open = request_metrics_.long_running(*h->view.resource, *h->view.version, h->labels);
    stream->on_drained([weak = std::weak_ptr(session)] {
      if (auto s = weak.lock()) s->pump();
    });
    http::Loop& loop = h->exchange->loop();
    const auto asked = parse_int<int64_t>(h->query.get("timeoutSeconds"));
    const int64_t seconds =
        asked && *asked > 0
            ? *asked
            : kTimeoutSecondsMin + static_cast<int64_t>(secure_random().below(kTimeoutSecondsMin));
    if (q.start.from && *q.start.from < 0) q.start.from = h->store->cache().revision();
    // The closing callback owns the session: it lives as long as the stream.
    // It does not own the request, which is as big as an idle watch itself.
    RequestMetrics::Finished answer{h->view.resource, h->view.version, h->labels, 200, 0, {}};
    // A server that stops ends its watches in order: their clients go on elsewhere, or with the next one.
    auto stopping = stopping_.token().on_stop([&loop, weak = std::weak_ptr(session)] {
      loop.post([weak] {
        if (auto s = weak.lock()) s->finish();
      });
    });
    stream->on_closed([this, session, open = std::move(open), answer, started = h->started,
                       stopping = std::move(stopping)]() mutable {
      session->close();
      session->release();
      open.reset();
      answer.took = deps_.core.clock().monotonic() - started;
      request_metrics_.finished(answer);
    });
    loop.post([&loop, weak = std::weak_ptr(session), seconds] {
      loop.after(std::chrono::seconds(seconds), [weak] {
        if (auto s = weak.lock()) s->finish();
      });
    });
    if (*refused) return session->fail(**refused);
    auto subscription = h->store->cache().subscribe(
        std::move(f), q.start, [weak = std::weak_ptr(session)](const std::vector<Change>& changes) {
          if (auto s = weak.lock()) s->on_changes(changes);
        });
    if (!subscription.ok()) return session->fail(subscription.error());
    session->begin(std::move(*subscription));
  };
  // What lies before the ring is read from the store first, which may take a while.
  auto reach = [this, h, from = query_from, begin = std::move(begin)]() mutable {
    ResourceCache& cache = h->store->cache();
    if (!from || *from < 0 || cache.reaches(*from)) return begin();
    blocking(h, [this, h, from, begin = std::move(begin)]() mutable {
      const auto r = h->store->cache().backfill(*from, Deadline::after(kBackfillMax));
      // Expired is told in the stream, as a watch is answered.
      if (!r.ok() && r.error().code() != Code::Expired) return fail(h, r.error());
      begin();
    });
  };
  if (newest) return when_newest(h, std::move(reach));
  if (!in_stream || h->store->cache().revision() >= fresh) return when_fresh(h, fresh, std::move(reach));
  blocking(h, [h, fresh, refused, reach = std::move(reach)]() mutable {
    const auto r = h->store->cache().wait_for(fresh, Deadline::after(kFreshMax));
    if (!r.ok()) *refused = r.error();
    reach();
  });
}

}  // namespace mizzen::apiserver
