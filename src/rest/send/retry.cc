#include "rest/send/retry.h"

#include "base/strings.h"

namespace mizzen::rest {

std::optional<Duration> again_after(const http::Response& answer) {
  if (answer.status != 429 && answer.status < 500) return std::nullopt;
  const auto seconds = parse_int<int64_t>(answer.headers.get("Retry-After"));
  if (!seconds || *seconds < 0) return std::nullopt;
  return whole_seconds(*seconds);
}

std::optional<Duration> again_after(const Error& error, std::string_view method) {
  // What changes something may have been done before the connection broke.
  if (method != "GET" || error.code() != Code::ServiceUnavailable) return std::nullopt;
  return std::chrono::seconds(1);
}

}  // namespace mizzen::rest
