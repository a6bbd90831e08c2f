#include "apiserver/request/body.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/proto/proto_codec.h"
#include "codec/yaml/yaml.h"

namespace mizzen::apiserver {
namespace {

std::string head_of(std::string_view body) {
  if (body.empty()) return "<empty>";
  const std::string_view head = body.substr(0, 30);
  return head[0] == '{' ? std::string(head) : hex_encode(head);
}

}  // namespace

Result<machinery::MutableObject> decode_as(const codec::Message& message, const http::Headers& headers,
                                           std::string_view body, codec::TypeMeta& type,
                                           codec::DecodeReport* report) {
  MZ_ASSIGN(const Format format, body_format(headers));
  machinery::MutableObject out(message);
  if (format == Format::Proto) {
    MZ_ASSIGN(const codec::Envelope envelope, codec::open_envelope(body));
    type = envelope.type;
    MZ_TRY(codec::decode_proto(envelope.raw, message, out.get()));
    return out;
  }
  std::string converted;
  if (format == Format::Yaml) {
    MZ_ASSIGN(converted, codec::yaml_document_to_json(body));
    body = converted;
  }
  MZ_TRY(codec::decode_json(body, message, out.get(), &type, report));
  return out;
}

Result<machinery::MutableObject> decode_body(const api::ResourceInfo& resource,
                                             const api::ServedVersion& version, const http::Headers& headers,
                                             std::string_view body, FieldValidation validation,
                                             std::vector<std::string>& warnings) {
  codec::TypeMeta type;
  codec::DecodeReport report;
  auto wire = decode_as(*version.message, headers, body, type, &report);
  const std::string cannot = fmt::format("{} in version {} cannot be handled as a {}: ", resource.kind,
                                         quote(version.version), resource.kind);
  if (!wire.ok()) {
    if (wire.error().code() == Code::UnsupportedMediaType) return wire.error();
    if (type.kind.empty())
      return Error(Code::BadRequest,
                   fmt::format("the object provided is unrecognized (must be of type {}): {} ({})",
                               resource.kind, wire.error().message(), head_of(body)));
    return Error(Code::BadRequest, cannot + wire.error().message());
  }
  if (!type.api_version.empty() && type.api_version != version.api_version())
    return Error(Code::BadRequest,
                 fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                             type.api_version, version.api_version()));
  if (!type.kind.empty() && type.kind != resource.kind)
    return Error(
        Code::BadRequest,
        fmt::format("{} in version {} cannot be handled as a {}: converting ({}) to ({}): unknown conversion",
                    type.kind, quote(version.version), resource.kind, type.kind, resource.kind));
  if (report.total > 0 && validation == FieldValidation::Strict)
    return Error(Code::BadRequest, cannot + "strict decoding error: " + join(report.problems, ", "));
  if (validation == FieldValidation::Warn)
    for (std::string& p : report.problems) warnings.push_back(std::move(p));
  return to_memory(resource, version, std::move(*wire));
}

}  // namespace mizzen::apiserver
