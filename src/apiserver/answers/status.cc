#include "apiserver/answers/status.h"

#include "apiserver/answers/encode.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::apiserver {

meta::v1::Status status_of(const Error& error) {
  meta::v1::Status out;
  out.status = "Failure";
  out.message = error.message();
  out.reason = std::string(reason(error.code()));
  out.code = http_status(error.code());
  const ErrorDetails& d = error.details();
  if (!d.shown && d.name.empty() && d.group.empty() && d.kind.empty() && d.uid.empty() && d.causes.empty() &&
      d.retry_after_seconds == 0)
    return out;
  auto& details = out.details.ensure();
  details.name = d.name;
  details.group = d.group;
  details.kind = d.kind;
  details.uid = d.uid;
  details.retryAfterSeconds = d.retry_after_seconds;
  for (const Cause& c : d.causes) {
    auto& cause = details.causes.emplace_back();
    cause.reason = c.reason;
    cause.message = c.message;
    cause.field = c.field;
  }
  return out;
}

http::Slice encode_status(const meta::v1::Status& status, Format format, bool pretty) {
  return encode_document({"v1", "Status"}, meta::v1::Status::descriptor(), &status, format, pretty);
}

}  // namespace mizzen::apiserver
