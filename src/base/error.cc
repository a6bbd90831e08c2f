#include "base/error.h"

#include <utility>

namespace mizzen {
namespace {
struct Row {
  Code code;
  std::string_view reason;
  int status;
};
constexpr Row kRows[] = {
    {Code::Unknown, "", 500},
    {Code::BadRequest, "BadRequest", 400},
    {Code::Unauthorized, "Unauthorized", 401},
    {Code::Forbidden, "Forbidden", 403},
    {Code::NotFound, "NotFound", 404},
    {Code::MethodNotAllowed, "MethodNotAllowed", 405},
    {Code::NotAcceptable, "NotAcceptable", 406},
    {Code::AlreadyExists, "AlreadyExists", 409},
    {Code::Conflict, "Conflict", 409},
    {Code::Gone, "Gone", 410},
    {Code::Expired, "Expired", 410},
    {Code::RequestEntityTooLarge, "RequestEntityTooLarge", 413},
    {Code::UnsupportedMediaType, "UnsupportedMediaType", 415},
    {Code::Invalid, "Invalid", 422},
    {Code::TooManyRequests, "TooManyRequests", 429},
    {Code::InternalError, "InternalError", 500},
    {Code::ServiceUnavailable, "ServiceUnavailable", 503},
    {Code::ServerTimeout, "ServerTimeout", 500},
    {Code::Timeout, "Timeout", 504},
    {Code::Cancelled, "", 499},
};
}  // namespace

std::string_view reason(Code code) { return kRows[static_cast<size_t>(code)].reason; }
int http_status(Code code) { return kRows[static_cast<size_t>(code)].status; }

Code code_from(std::string_view reason, int http_status) {
  for (const Row& row : kRows)
    if (!reason.empty() && row.reason == reason) return row.code;
  if (http_status == 409) return Code::Conflict;
  if (http_status == 410) return Code::Expired;
  if (http_status == 500) return Code::InternalError;
  for (const Row& row : kRows)
    if (row.status == http_status) return row.code;
  return Code::Unknown;
}

Error::Error(Code code, std::string message) : Error(code, std::move(message), ErrorDetails{}) {}
Error::Error(Code code, std::string message, ErrorDetails details)
    : rep_(std::make_shared<const Rep>(Rep{code, std::move(message), std::move(details)})) {}

bool Error::retryable() const {
  switch (code()) {
    case Code::TooManyRequests:
    case Code::ServiceUnavailable:
    case Code::ServerTimeout:
    case Code::Timeout:
    case Code::InternalError:
      return true;
    default:
      return false;
  }
}

Error Error::with_context(std::string_view context) const {
  return Error(code(), std::string(context) + ": " + message(), details());
}

}  // namespace mizzen
