#include "apiserver/request/query_numbers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "machinery/errors/go_number.h"

namespace mizzen::apiserver {

Result<int64_t> read_revision(std::string_view text) {
  if (text.empty()) return 0;
  const auto value = machinery::go_uint(text);
  if (!value.ok())
    return Error(Code::Unknown,
                 fmt::format("resourceVersion: Invalid value: {}: {}", quote(text), value.error().message()));
  return static_cast<int64_t>(std::min<uint64_t>(*value, INT64_MAX));
}

Result<std::optional<int64_t>> read_int(const http::Query& query, std::string_view name) {
  if (!query.has(name)) return std::optional<int64_t>();
  const auto value = machinery::go_int(query.get(name));
  if (!value.ok()) return Error(Code::BadRequest, value.error().message());
  return std::optional<int64_t>(*value);
}

Result<ListNumbers> read_list_numbers(const http::Query& query) {
  ListNumbers out;
  MZ_ASSIGN(const auto timeout, read_int(query, "timeoutSeconds"));
  MZ_ASSIGN(const auto limit, read_int(query, "limit"));
  out.timeout_seconds = timeout.value_or(0);
  out.limit = limit.value_or(0);
  return out;
}

}  // namespace mizzen::apiserver
