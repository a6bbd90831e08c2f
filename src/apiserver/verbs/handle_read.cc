// GET of one object, and lists.
#include <fmt/format.h>

#include "apiserver/answers/status.h"
#include "apiserver/cache/continue_token.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

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
  const auto limit = parse_int<int64_t>(q.get("limit"));
  if (q.has("limit") && !q.get("limit").empty() && !limit)
    return Error(Code::BadRequest,
                 fmt::format("strconv.ParseInt: parsing {}: invalid syntax", quote(q.get("limit"))));
  out.limit = std::max<int64_t>(0, limit.value_or(0));
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
  if (!out.resource_version.empty()) {
    const auto revision = parse_int<int64_t>(out.resource_version);
    if (!revision || *revision < 0)
      return Error(Code::BadRequest,
                   fmt::format("invalid resource version: strconv.ParseUint: parsing {}: invalid syntax",
                               quote(out.resource_version)));
    out.revision = *revision;
  }
  if (has_token) {
    if (out.revision != 0)
      return Error(Code::BadRequest, "specifying resource version is not allowed when using continue");
    MZ_ASSIGN(out.token, decode_continue(q.get("continue")));
    out.revision = std::max<int64_t>(0, out.token->revision);
    out.exact = out.token->revision > 0;
  } else {
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
  const auto revision = parse_int<int64_t>(rv);
  if (!revision || *revision < 0)
    return fail(h,
                Error(Code::BadRequest,
                      fmt::format("invalid resource version: strconv.ParseUint: parsing {}: invalid syntax",
                                  quote(rv))));
  when_fresh(h, *revision, [this, h] { get_now(h); });
}

void HttpApi::get_now(const HandlingPtr& h) {
  const EntryPtr entry =
      h->store->cache().find(entry_key(h->view.resource->namespaced ? h->info.namespace_ : "", h->info.name));
  if (!entry) return fail(h, h->store->not_found(h->info.name));
  respond_entry(h, 200, *entry);
}

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
  auto answer = [this, h, q = std::move(*query), f = std::move(*filter)] {
    ResourceCache& cache = h->store->cache();
    const std::string after = q.token ? q.token->start : "";
    const bool plain = f.labels.empty() && f.fields.empty();
    const auto expired = [this, h, after] {
      auto status = status_of(expired_continue());
      status.metadata.continue_ = encode_continue({-1, after});
      return fail(h, status);
    };
    if (q.exact && q.token && q.token->too_old(h->view.now)) return expired();
    // Pages that follow belong to the time of the first one, unless they took a newer state.
    const int64_t since =
        q.exact && q.token && q.token->since != 0 ? q.token->since : codec::Time::from(h->view.now).seconds;
    const auto finish = [this, h, plain, since](const ResourceCache::Page& page, int64_t revision) {
      ListMeta meta;
      meta.resource_version = std::to_string(revision);
      if (page.more && !page.entries.empty()) {
        meta.continue_token = encode_continue({revision, page.entries.back()->key(), since});
        if (plain) meta.remaining = static_cast<int64_t>(page.remaining);
      }
      respond(h, 200, encode_list(h->view, page.entries, meta), h->view.media.content_type());
    };
    if (!q.exact || cache.newest_change() <= q.revision) {
      const auto page = cache.list(f, after, static_cast<size_t>(q.limit));
      return finish(page, q.exact ? q.revision : page.revision);
    }
    // History: read from the store at that revision, on a worker.
    blocking(h, [this, h, q, f, after, finish, expired] {
      auto page = read_history(deps_.core.store(), *h->view.resource, f, q.revision, after,
                               static_cast<size_t>(q.limit), h->store->cache().companions());
      if (!page.ok()) {
        if (page.error().code() != Code::Expired) return fail(h, page.error());
        if (!q.token)
          return fail(h, Error(Code::Expired, "The resourceVersion for the provided list is too old."));
        return expired();
      }
      finish(*page, q.revision);
    });
  };
  newest ? when_newest(h, std::move(answer)) : when_fresh(h, wanted, std::move(answer));
}

}  // namespace mizzen::apiserver
