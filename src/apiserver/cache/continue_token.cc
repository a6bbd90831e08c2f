#include "apiserver/cache/continue_token.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/json/tree.h"
#include "machinery/errors/go_print.h"
#include "store/contract/pages.h"

namespace mizzen::apiserver {

using codec::Value;

namespace {

/// Where Go stops reading base64: at the first byte that has no place there, or at one that stands alone.
size_t first_wrong(std::string_view text) {
  size_t last = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') continue;
    const bool known =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (!known) return i;
    last = i;
  }
  return last;
}

}  // namespace

bool ContinueToken::too_old(WallTime now) const {
  return since != 0 && now - WallTime(std::chrono::seconds(since)) > kContinueLifetime;
}

std::string encode_continue(const ContinueToken& token) {
  Value v = Value::object();
  v["v"] = Value::string("meta.k8s.io/v1");
  v["rv"] = Value::integer(token.revision);
  v["start"] = Value::string(token.start + std::string(1, '\0'));
  if (token.since != 0) v["since"] = Value::integer(token.since);
  if (token.left >= 0) v["left"] = Value::integer(token.left);
  return base64url_encode(v.str());
}

Result<ContinueToken> decode_continue(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return Error(Code::BadRequest, fmt::format("invalid continue token: continue key is not valid: {}", why));
  };
  const auto json = base64url_decode(text);
  if (!json) return bad(fmt::format("illegal base64 data at input byte {}", first_wrong(text)));
  const auto v = Value::parse(*json);
  if (!v.ok()) return bad(v.error().message());
  if (!v->is_object())
    return bad(fmt::format("json: cannot unmarshal {} into Go value of type storage.continueToken",
                           machinery::json_kind(*v)));
  const Value* version = v->find("v");
  if (!version || version->text() != "meta.k8s.io/v1")
    return Error(
        Code::BadRequest,
        "invalid continue token: continue key is not valid: server does not recognize this encoded version " +
            (version ? version->text() : ""));
  const Value* rv = v->find("rv");
  if (rv && !rv->is_number())
    return bad(fmt::format("json: cannot unmarshal {} into Go struct field continueToken.rv of type int64",
                           machinery::json_kind(*rv)));
  const auto revision = parse_int<int64_t>(rv ? rv->text() : "");
  if (!revision || *revision == 0)
    return Error(Code::BadRequest,
                 "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion "
                 "(version meta.k8s.io/v1)");
  const Value* start = v->find("start");
  if (!start || start->text().empty())
    return Error(Code::BadRequest,
                 "invalid continue token: continue key is not valid: encoded start key empty (version "
                 "meta.k8s.io/v1)");
  ContinueToken out{*revision, start->text()};
  if (const Value* since = v->find("since")) out.since = parse_int<int64_t>(since->text()).value_or(0);
  if (const Value* left = v->find("left")) out.left = parse_int<int64_t>(left->text()).value_or(-1);
  if (out.start.back() == '\0') out.start.pop_back();
  if (out.start.find("..") != std::string::npos && out.start.starts_with("/")) return bad("invalid path");
  return out;
}

Error expired_continue() {
  return Error(Code::Expired,
               "The provided continue parameter is too old to display a consistent list result. You can "
               "start a new list without the continue "
               "parameter, or use the continue token in this response to retrieve the remainder of the "
               "results. Continuing with the provided token "
               "results in an inconsistent list - objects that were created, modified, or deleted between "
               "the time the first chunk was returned and "
               "now may show up in the list.");
}

Result<Page> read_history(store::Store& store, const EntryHomePtr& home, const Filter& filter,
                          int64_t revision, const std::string& after, size_t limit, bool count,
                          const Clock& clock) {
  const api::ResourceInfo& resource = home->resource();
  const std::string prefix = storage_prefix(resource);
  const Deadline deadline = Deadline::after(std::chrono::seconds(30), clock);
  store::RangeRequest request;
  request.range =
      store::KeyRange::prefix(prefix + (filter.namespace_.empty() ? "" : filter.namespace_ + "/"));
  if (!after.empty()) request.range.from = prefix + after + std::string(1, '\0');
  request.revision = store::Revision(revision);
  // No more than the page can want, but for those that a selector leaves out.
  request.limit = limit == 0 ? 0 : std::min(store::PageSize::kKeysMax, static_cast<int64_t>(limit)) + 1;
  request.count_rest = count;
  store::Pages pages(store, std::move(request));
  Page page;
  page.revision = revision;
  for (;;) {
    MZ_ASSIGN(const auto range, pages.next(deadline));
    if (!range) return page;
    for (size_t i = 0; i < range->kvs.size(); ++i) {
      const store::KeyValue& kv = range->kvs[i];
      const int64_t at = kv.mod_revision.get();
      MZ_ASSIGN(Object object, decode_stored(resource, store::view(kv.value), at));
      EntryPtr entry =
          Entry::encode(home, std::string_view(kv.key).substr(prefix.size()), at, std::move(object));
      if (!filter.matches(*entry)) continue;
      if (limit != 0 && page.entries.size() == limit) {
        page.more = true;
        page.remaining = static_cast<size_t>(range->count) - i;
        return page;
      }
      page.entries.push_back(std::move(entry));
    }
  }
}

}  // namespace mizzen::apiserver
