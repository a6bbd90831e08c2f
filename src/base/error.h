#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen {

/// What kind of failure an Error is. Spelled as the reasons of a Kubernetes Status, so that the API edge can
/// turn an Error into a Status without a table in between.
enum class Code : uint8_t {
  Unknown,
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  MethodNotAllowed,
  NotAcceptable,
  AlreadyExists,
  Conflict,
  Gone,                   ///< 410 without a resource version: gone for good
  Expired,                ///< 410: the resource version or continue token is too old
  RequestEntityTooLarge,  ///< 413
  UnsupportedMediaType,   ///< 415
  Invalid,                ///< 422
  TooManyRequests,        ///< 429
  InternalError,          ///< 500
  ServiceUnavailable,     ///< 503
  ServerTimeout,          ///< 500, with a retry-after: the server could not answer in time
  Timeout,                ///< 504
  Cancelled,              ///< never sent: the caller went away or stopped
};

/// The reason as it stands in a Status; empty for Unknown.
std::string_view reason(Code code);
/// The HTTP status that upstream sends with this reason.
int http_status(Code code);
/// The code that a Status with this reason or, where the reason is empty, this HTTP status stands for.
Code code_from(std::string_view reason, int http_status);

/// One thing that is wrong with one field. Texts and types are upstream's field.Error.
struct Cause {
  std::string reason;   ///< FieldValueRequired, FieldValueInvalid ...
  std::string message;  ///< without the field path
  std::string field;    ///< spec.containers[0].name
};

/// What the error is about, as Status.details has it. Empty members are not sent.
struct ErrorDetails {
  std::string name;
  std::string group;
  std::string kind;  ///< the resource's plural, or the kind for Invalid
  std::string uid;
  std::vector<Cause> causes;
  int32_t retry_after_seconds = 0;
  bool shown = false;  ///< sent even where nothing is in it, as upstream does for what it knows nothing of
};

/// A failure as a value: code, message for people, and optionally what it is about.
/// Threading: immutable; copying shares the representation.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message);
  Error(Code code, std::string message, ErrorDetails details);

  Code code() const { return rep_->code; }
  const std::string& message() const { return rep_->message; }
  /// Never null; empty members where nothing is known.
  const ErrorDetails& details() const { return rep_->details; }
  /// True where trying the same again later may succeed.
  bool retryable() const;
  /// The same error with `context: ` before its message.
  Error with_context(std::string_view context) const;

 private:
  struct Rep {
    Code code;
    std::string message;
    ErrorDetails details;
  };
  std::shared_ptr<const Rep> rep_;
};

}  // namespace mizzen
