#include "apiserver/request/body.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/registry/convert.h"
#include "api/registry/kinds.h"
#include "base/strings.h"
#include "codec/proto/proto_codec.h"
#include "codec/yaml/yaml.h"

namespace mizzen::apiserver {
namespace {

constexpr size_t kHeadBytes = 30;
constexpr std::string_view kScheme = "pkg/api/legacyscheme/scheme.go:30";
constexpr std::string_view kOptionsScheme = "pkg/apis/meta/internalversion/scheme/register.go:27";

/// The front of a body, as upstream shows it: as it is where it looks like JSON, else in hex.
std::string head_of(std::string_view body) {
  if (body.empty()) return "<empty>";
  const std::string_view head = body.substr(0, kHeadBytes);
  const std::string out = head[0] == '{' ? std::string(head) : hex_encode(head);
  return body.size() > kHeadBytes ? out + " ..." : out;
}

Error bad(std::string message) { return Error(Code::BadRequest, std::move(message)); }

struct GroupVersion {
  std::string_view group, version;
};

GroupVersion group_version_of(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

/// kind and apiVersion of a document with what it lacks taken from where it was sent.
codec::TypeMeta filled(codec::TypeMeta type, const codec::TypeMeta& expected) {
  const GroupVersion has = group_version_of(type.api_version), wants = group_version_of(expected.api_version);
  if (type.kind.empty()) type.kind = expected.kind;
  if (has.version.empty() && (has.group.empty() || has.group == wants.group))
    type.api_version = expected.api_version;
  return type;
}

/// What upstream calls the package of a group's own types.
std::string_view internal_package(std::string_view group) {
  return group.empty() || group == "events.k8s.io" ? "core" : group.substr(0, group.find('.'));
}

std::string unregistered(const codec::TypeMeta& type, std::string_view scheme) {
  return fmt::format("no kind {} is registered for version {} in scheme {}", quote(type.kind),
                     quote(type.api_version), quote(scheme));
}

/// Why an object of `type`, which the schema has, is not one of `expected`; nothing where only the version
/// differs.
std::string unknown_conversion(const codec::TypeMeta& type, const codec::TypeMeta& expected) {
  if (type.kind == expected.kind) return "";
  return fmt::format("converting ({}.{}) to ({}.{}): unknown conversion",
                     group_version_of(type.api_version).version, type.kind,
                     internal_package(group_version_of(expected.api_version).group), expected.kind);
}

Error cannot_be_handled(const codec::TypeMeta& type, const codec::TypeMeta& expected, std::string_view why) {
  return bad(fmt::format("{} in version {} cannot be handled as a {}: {}", type.kind,
                         quote(group_version_of(type.api_version).version), expected.kind, why));
}

Error unrecognized(const codec::TypeMeta& expected, std::string_view why, std::string_view body) {
  return bad(fmt::format("the object provided is unrecognized (must be of type {}): {} ({})", expected.kind,
                         why, head_of(body)));
}

/// The error of a protobuf body: of its envelope, or of the object in it.
Error explain_proto(const codec::TypeMeta& expected, std::string_view body, const Error* why) {
  const auto envelope = codec::open_envelope(body);
  if (!envelope.ok()) return unrecognized(expected, envelope.error().message(), body);
  const codec::TypeMeta type = filled(envelope->type, expected);
  if (!api::find_schema_kind(type.api_version, type.kind))
    return cannot_be_handled(type, expected, unregistered(type, kScheme));
  const std::string other = unknown_conversion(type, expected);
  if (!other.empty()) return cannot_be_handled(type, expected, other);
  if (why) return cannot_be_handled(type, expected, why->message());
  return bad(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                         type.api_version, expected.api_version));
}

/// True where what the document says of itself is what was asked for.
bool fits(const codec::TypeMeta& type, const codec::TypeMeta& expected) {
  return (type.kind.empty() || type.kind == expected.kind) &&
         (type.api_version.empty() || type.api_version == expected.api_version);
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
    MZ_ASSIGN(converted, codec::yaml_document_to_json(body, report));
    body = converted;
  }
  MZ_TRY(codec::decode_json(body, message, out.get(), &type, report));
  return out;
}

std::optional<Error> explain_json(const codec::TypeMeta& expected, std::string_view json, const Error* why,
                                  bool& recognized, codec::TypeMeta& seen) {
  recognized = false;
  const auto peeked = codec::peek_type(json);
  if (!peeked.ok()) return peeked.error();
  if (std::count(peeked->api_version.begin(), peeked->api_version.end(), '/') > 1)
    return bad("unexpected GroupVersion string: " + peeked->api_version);
  recognized = true;
  seen = filled(peeked->api_version == "/" ? codec::TypeMeta{"", peeked->kind} : *peeked, expected);
  const codec::Message* message = api::find_schema_kind(seen.api_version, seen.kind);
  if (!message) return bad(unregistered(seen, kScheme));
  if (!fits(seen, expected)) {
    // It is decoded as what it says it is, and only then found to be something else.
    machinery::MutableObject other(*message);
    if (const auto r = codec::decode_json(json, *message, other.get()); !r.ok()) return r.error();
    const std::string conversion = unknown_conversion(seen, expected);
    if (!conversion.empty()) return bad(conversion);
  } else if (why) {
    return *why;
  }
  return std::nullopt;
}

Result<machinery::MutableObject> decode_kind(const codec::TypeMeta& expected, const codec::Message& message,
                                             const http::Headers& headers, std::string_view body,
                                             codec::DecodeReport* report) {
  codec::TypeMeta type;
  auto object = decode_as(message, headers, body, type, report);
  if (object.ok() && fits(type, expected)) return object;
  const Error* why = object.ok() ? nullptr : &object.error();
  if (why && why->code() != Code::BadRequest) return *why;
  MZ_ASSIGN(const Format format, body_format(headers));
  if (format == Format::Proto) return explain_proto(expected, body, why);
  std::string json(body);
  if (format == Format::Yaml) {
    auto converted = codec::yaml_document_to_json(body);
    if (!converted.ok()) return unrecognized(expected, converted.error().message(), body);
    json = std::move(*converted);
  }
  bool recognized = false;
  codec::TypeMeta seen;
  const auto error = explain_json(expected, json, why, recognized, seen);
  if (!error) {
    if (seen.api_version == expected.api_version) return object;
    return bad(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                           seen.api_version, expected.api_version));
  }
  if (!recognized) return unrecognized(expected, error->message(), body);
  return cannot_be_handled(seen, expected, error->message());
}

Result<machinery::MutableObject> decode_body(const api::ResourceInfo& resource,
                                             const api::ServedVersion& version, const http::Headers& headers,
                                             std::string_view body, FieldValidation validation,
                                             std::vector<std::string>& warnings) {
  const codec::TypeMeta expected{version.api_version(), resource.kind};
  codec::DecodeReport report;
  MZ_ASSIGN(auto wire, decode_kind(expected, *version.message, headers, body,
                                   validation == FieldValidation::Ignore ? nullptr : &report));
  if (!report.empty() && validation == FieldValidation::Strict)
    return cannot_be_handled(expected, expected, report.strict_error());
  for (std::string& w : report.warnings()) warnings.push_back(std::move(w));
  return api::to_memory(resource, version, std::move(wire));
}

Result<meta::v1::DeleteOptions> decode_delete_options(const http::Headers& headers, std::string_view body) {
  codec::TypeMeta type;
  auto decoded = decode_as(meta::v1::DeleteOptions::descriptor(), headers, body, type, nullptr);
  if (decoded.ok() && (type.kind.empty() || type.kind == "DeleteOptions"))
    return std::move(*decoded->as<meta::v1::DeleteOptions>());
  if (!decoded.ok() && decoded.error().code() != Code::BadRequest) return decoded.error();
  MZ_ASSIGN(const Format format, body_format(headers));
  if (format != Format::Proto) {
    std::string json(body);
    if (format == Format::Yaml) {
      MZ_ASSIGN(json, codec::yaml_document_to_json(body));
    }
    MZ_ASSIGN(type, codec::peek_type(json));
  }
  if (!type.kind.empty() && type.kind != "DeleteOptions") return bad(unregistered(type, kOptionsScheme));
  return decoded.error();
}

}  // namespace mizzen::apiserver
