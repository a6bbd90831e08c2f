// GET of one object, and lists.
#include <fmt/format.h>

#include "apiserver/answers/status.h"
#include "apiserver/cache/continue_token.h"
#include "apiserver/request/query_numbers.h"
#include "apiserver/verbs/http_api.h"
#include "apiserver/verbs/list_stream.h"
#include "base/strings.h"
#include "http/message/gzip.h"

namespace mizzen::apiserver {
namespace {

/// Lists of more bytes than this are sent as they are encoded.
constexpr size_t kWholeBytesMax = 256 * 1024;
/// Entries looked at in one go on a loop.
constexpr size_t kLooksMax = 2'000;

Error list_options_error(const machinery::FieldErrors& errors) {
  return errors.to_error("meta.k8s.io", "ListOptions", "");
}

/// What a list asks for, checked by upstream's table of resourceVersion and resourceVersionMatch.
struct ListQuery {
  std::string resource_version;
  std::string match;
  int64_t limit = 0;
  std::optional<ContinueToken> token;
  bool exact = false;
  int64_t revision = 0;  ///< wanted; 0: whatever is there
};

Result<ListQuery> parse_list_query(const http::Query& q) {
  ListQuery out;
  out.resource_version = q.get("resourceVersion");
  out.match = q.get("resourceVersionMatch");
  MZ_ASSIGN(const ListNumbers numbers, read_list_numbers(q));
  out.limit = std::max<int64_t>(0, numbers.limit);
  machinery::FieldErrors errors;
  const bool has_token = !q.get("continue").empty();
  if (q.has("sendInitialEvents"))
    errors.forbidden(machinery::Path("sendInitialEvents"), "sendInitialEvents is forbidden for list");
  if (!out.match.empty()) {
    if (out.resource_version.empty())
      errors.forbidden(machinery::Path("resourceVersionMatch"),
                       "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (has_token)
      errors.forbidden(machinery::Path("resourceVersionMatch"),
                       "resourceVersionMatch is forbidden when continue is provided");
    if (out.match != "Exact" && out.match != "NotOlderThan")
      errors.not_supported(machinery::Path("resourceVersionMatch"), out.match, {"Exact", "NotOlderThan", ""});
    if (out.match == "Exact" && out.resource_version == "0")
      errors.forbidden(machinery::Path("resourceVersionMatch"),
                       "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  if (!errors.empty()) return list_options_error(errors);
  if (has_token) {
    MZ_ASSIGN(out.token, decode_continue(q.get("continue")));
    if (!out.resource_version.empty() && out.resource_version != "0")
      return Error(Code::BadRequest, "specifying resource version is not allowed when using continue");
    out.revision = std::max<int64_t>(0, out.token->revision);
    out.exact = out.token->revision > 0;
  } else {
    auto revision = read_revision(out.resource_version);
    if (!revision.ok())
      return Error(Code::BadRequest, "invalid resource version: " + revision.error().message());
    out.revision = *revision;
    out.exact = out.match == "Exact" || (out.match.empty() && out.revision > 0 && out.limit > 0);
  }
  // "0" without a token: any state, whole.
  if (!has_token && out.resource_version == "0") out.limit = 0;
  return out;
}

}  // namespace

void HttpApi::get(const HandlingPtr& h) {
  const std::string rv(h->query.get("resourceVersion"));
  if (rv.empty()) return when_newest(h, [this, h] { get_now(h); });
  const auto revision = read_revision(rv);
  if (!revision.ok()) return fail(h, revision.error());
  when_fresh(h, *revision, [this, h] { get_now(h); });
}

void HttpApi::get_now(const HandlingPtr& h) {
  const std::string ns = h->view.resource->namespaced ? h->info.namespace_ : "";
  const EntryPtr entry = h->store->cache().find(entry_key(ns, h->info.name));
  if (entry) return respond_entry(h, 200, *entry);
  Filter one;
  one.namespace_ = ns;
  one.name = h->info.name;
  if (const auto readable = h->store->cache().readable(one); !readable.ok()) return fail(h, readable.error());
  fail(h, h->store->not_found(h->info.name));
}

/// One list on its way.
struct HttpApi::Listing {
  HandlingPtr h;
  ListQuery query;
  Filter filter;
  std::unique_ptr<PageWalk> walk;

  std::string after() const { return query.token ? query.token->start : ""; }
};

void HttpApi::list(const HandlingPtr& h) {
  auto query = parse_list_query(h->query);
  if (!query.ok()) return fail(h, query.error());
  auto filter = make_filter(*h->view.resource, h->view.resource->namespaced ? h->info.namespace_ : "",
                            std::string(h->query.get("labelSelector")),
                            std::string(h->query.get("fieldSelector")), h->view.version);
  if (!filter.ok()) return fail(h, filter.error());
  if (h->view.media.transform == Transform::PartialMetadata)
    return fail(
        h, Error(Code::NotAcceptable,
                 fmt::format(
                     "you requested PartialObjectMetadata, but the requested object is a list (*{}.{}List)",
                     h->view.version->version, h->view.resource->kind)));
  // A token with revision -1 goes on with the newest state.
  const bool newest = query->token ? query->token->revision < 0 : query->resource_version.empty();
  const int64_t wanted = query->revision;
  auto listing = std::make_shared<Listing>(Listing{h, std::move(*query), std::move(*filter), nullptr});
  auto begin = [this, listing] { begin_list(listing); };
  newest ? when_newest(h, std::move(begin)) : when_fresh(h, wanted, std::move(begin));
}

void HttpApi::begin_list(const ListingPtr& l) {
  ResourceCache& cache = l->h->store->cache();
  if (const auto readable = cache.readable(l->filter); !readable.ok()) return fail(l->h, readable.error());
  if (l->query.exact && l->query.token && l->query.token->too_old(l->h->view.now)) return fail_expired(l);
  Snapshot snapshot = cache.snapshot_for(l->filter);
  if (l->query.exact && snapshot.newest_change > l->query.revision)
    // History: read from the store at that revision, on a worker.
    return blocking(l->h, [this, l] {
      const int64_t left = l->query.token ? l->query.token->left : -1;
      auto page = read_history(deps_.core.store(), l->h->store->cache().home(), l->filter, l->query.revision,
                               l->after(), static_cast<size_t>(l->query.limit),
                               left < 0 && l->filter.by_place(), deps_.core.clock());
      if (page.ok() && page->more && left >= 0)
        page->remaining =
            static_cast<size_t>(std::max<int64_t>(1, left - static_cast<int64_t>(page->entries.size())));
      post(l->h, [this, l, page = std::move(page)]() mutable {
        if (page.ok()) return finish_list(l, std::move(*page));
        if (page.error().code() != Code::Expired) return fail(l->h, page.error());
        if (l->query.token) return fail_expired(l);
        fail(l->h, Error(Code::Expired, "The resourceVersion for the provided list is too old."));
      });
    });
  l->walk = std::make_unique<PageWalk>(std::move(snapshot), l->filter, l->after(),
                                       static_cast<size_t>(l->query.limit));
  walk_list(l);
}

void HttpApi::walk_list(const ListingPtr& l) {
  if (!l->walk->step(kLooksMax)) return post(l->h, [this, l] { walk_list(l); });
  Page page = l->walk->take();
  if (l->query.exact) page.revision = l->query.revision;
  l->walk.reset();
  finish_list(l, std::move(page));
}

void HttpApi::fail_expired(const ListingPtr& l) {
  auto status = status_of(expired_continue());
  status.metadata.continue_ = encode_continue({-1, l->after()});
  fail(l->h, status);
}

void HttpApi::finish_list(const ListingPtr& l, Page page) {
  // Pages that follow belong to the time of the first one, unless they took a newer state.
  const auto& token = l->query.token;
  const int64_t since =
      l->query.exact && token && token->since != 0 ? token->since : codec::Time::from(l->h->view.now).seconds;
  ListMeta meta;
  meta.resource_version = std::to_string(page.revision);
  if (page.more && !page.entries.empty()) {
    if (l->filter.by_place()) meta.remaining = static_cast<int64_t>(page.remaining);
    meta.continue_token = encode_continue(
        {page.revision, std::string(page.entries.back()->key()), since, meta.remaining.value_or(-1)});
  }
  respond_list(l->h, std::move(page.entries), std::move(meta));
}

void HttpApi::respond_list(const HandlingPtr& h, std::vector<EntryPtr> entries, ListMeta meta) {
  size_t bytes = 0;
  for (const EntryPtr& e : entries) {
    bytes += e->wire().size();
    if (bytes > kWholeBytesMax) break;
  }
  const bool pieces = ListPieces::possible(h->view);
  if (bytes <= kWholeBytesMax)
    return respond(h, 200, encode_list(h->view, entries, meta), h->view.media.content_type());
  if (!pieces)
    // YAML and indented JSON have to see the whole: on a worker, which takes its time.
    return blocking(h, [this, h, entries = std::move(entries), meta = std::move(meta)] {
      respond(h, 200, encode_list(h->view, entries, meta), h->view.media.content_type());
    });
  const bool gzip = http::accepts_gzip(h->exchange->request().headers);
  http::Headers headers = answer_headers(*h, h->view.media.content_type());
  if (gzip) {
    headers.add("Content-Encoding", "gzip");
    headers.add("Vary", "Accept-Encoding");
  }
  const http::StreamPtr stream = h->exchange->start_stream(200, std::move(headers));
  if (!stream) return;
  const auto session = std::make_shared<ListStream>(
      h->view, std::move(entries), std::move(meta), deps_.core.clock(), h->exchange->loop(), gzip,
      [this, h](size_t sent) { h->answered(200, sent, deps_.core.clock().monotonic()); });
  stream->on_drained([weak = std::weak_ptr(session)] {
    if (auto s = weak.lock()) s->drained();
  });
  stream->on_closed([session] { session->closed(); });
  session->start(stream);
}

}  // namespace mizzen::apiserver
