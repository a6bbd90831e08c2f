#include "rest/wire/body.h"

#include <fmt/format.h>

#include "api/registry/convert.h"
#include "api/registry/kinds.h"
#include "base/check.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "rest/wire/list_parts.h"

namespace mizzen::rest {
namespace {

using codec::Message;
using codec::TypeMeta;
using machinery::MutableObject;

constexpr size_t kTextShown = 2048;

bool is_proto(std::string_view content_type) { return content_type.starts_with(kProto); }

bool metadata_only(const ResourceInfo& resource) {
  return &resource.message() == &meta::v1::PartialObjectMetadata::descriptor();
}

Error not_understood(const ResourceInfo& resource, std::string_view why) {
  return Error(Code::InternalError,
               fmt::format("the server's answer about {} cannot be read: {}", resource.qualified(), why));
}

/// kind and apiVersion of a document, and its bytes.
Result<codec::Envelope> open(std::string_view content_type, std::string_view body) {
  if (is_proto(content_type)) return codec::open_envelope(body);
  MZ_ASSIGN(TypeMeta type, codec::peek_type(body));
  return codec::Envelope{std::move(type), body};
}

Result<void> decode(std::string_view content_type, std::string_view raw, const Message& m, void* object) {
  return is_proto(content_type) ? codec::decode_proto(raw, m, object) : codec::decode_json(raw, m, object);
}

bool is_status(const TypeMeta& type) { return type.kind == "Status" && type.api_version == "v1"; }

/// An item of the spoken version, decoded into `wire`.
Object as_memory(const ResourceInfo& resource, MutableObject wire) {
  if (metadata_only(resource)) return std::move(wire).freeze();
  return api::to_memory(resource, spoken(resource), std::move(wire)).freeze();
}

}  // namespace

std::string accept(const ResourceInfo& resource, bool list) {
  if (!metadata_only(resource)) return fmt::format("{},{}", kProto, kJson);
  const std::string_view as = list ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return fmt::format("{0};as={2};g=meta.k8s.io;v=v1,{1};as={2};g=meta.k8s.io;v=v1", kProto, kJson, as);
}

std::string accept_watch(const ResourceInfo& resource) {
  if (!metadata_only(resource)) return fmt::format("{};stream=watch,{}", kProto, kJson);
  return fmt::format(
      "{};as=PartialObjectMetadata;g=meta.k8s.io;v=v1;stream=watch,{};as=PartialObjectMetadata;g=meta.k8s.io;"
      "v=v1",
      kProto, kJson);
}

std::string encode_body(const ResourceInfo& resource, const Object& object, const std::string& subresource) {
  std::string out;
  const api::ServedVersion& version = spoken(resource);
  if (&object.message() == &resource.message()) {
    MZ_CHECK(!metadata_only(resource), "of {} only the metadata is known: it cannot be written",
             resource.qualified());
    const TypeMeta type{version.api_version(), resource.kind};
    if (version.message.get() == &resource.message()) {
      codec::encode_envelope(out, type, object.message(), object.get());
    } else {
      const MutableObject wire = api::from_memory(version, object);
      codec::encode_envelope(out, type, wire.message(), wire.get());
    }
    return out;
  }
  const api::SubresourceRow* row = resource.find_subresource(subresource);
  MZ_CHECK(row, "{} have no {}", resource.qualified(), subresource);
  codec::encode_envelope(out, api::subresource_type(resource, version, *row), object.message(), object.get());
  return out;
}

std::string encode_body(const meta::v1::DeleteOptions& options) {
  std::string out;
  codec::encode_envelope(out, {"v1", "DeleteOptions"}, options.descriptor(), &options);
  return out;
}

Result<Document> decode_document(const ResourceInfo& resource, const Message* part,
                                 std::string_view content_type, std::string_view body) {
  auto opened = open(content_type, body);
  if (!opened.ok()) return not_understood(resource, opened.error().message());
  const auto read = [&](const Message& m, void* into) -> Result<void> {
    if (auto r = decode(content_type, opened->raw, m, into); !r.ok())
      return not_understood(resource, r.error().message());
    return {};
  };
  Document out;
  const TypeMeta& type = opened->type;
  if (is_status(type)) {
    MZ_TRY(read(out.status.descriptor(), &out.status));
    return out;
  }
  const api::ServedVersion& version = spoken(resource);
  if (part && type.kind != resource.kind) {
    MutableObject object(*part);
    MZ_TRY(read(*part, object.get()));
    out.object = std::move(object).freeze();
    return out;
  }
  const bool expected = metadata_only(resource)
                            ? type.kind == "PartialObjectMetadata"
                            : type.kind == resource.kind && type.api_version == version.api_version();
  if (!expected) return not_understood(resource, fmt::format("it is a {}, {}", type.api_version, type.kind));
  MutableObject wire(*version.message);
  MZ_TRY(read(*version.message, wire.get()));
  out.object = as_memory(resource, std::move(wire));
  return out;
}

Result<client::ObjectList> decode_list(const ResourceInfo& resource, std::string_view content_type,
                                       std::string_view body) {
  auto opened = open(content_type, body);
  if (!opened.ok()) return not_understood(resource, opened.error().message());
  const api::ServedVersion& version = spoken(resource);
  client::ObjectList out;
  meta::v1::ListMeta meta;
  if (is_proto(content_type)) {
    auto list = split_list(opened->raw);
    if (!list.ok()) return not_understood(resource, list.error().message());
    if (auto r = codec::decode_proto(list->metadata, meta.descriptor(), &meta); !r.ok())
      return not_understood(resource, r.error().message());
    out.items.reserve(list->items.size());
    for (const std::string_view item : list->items) {
      MutableObject wire(*version.message);
      if (auto r = codec::decode_proto(item, *version.message, wire.get()); !r.ok())
        return not_understood(resource, r.error().message());
      out.items.push_back(as_memory(resource, std::move(wire)));
    }
  } else {
    auto list = json_items(opened->raw, *version.message, meta);
    if (!list.ok()) return not_understood(resource, list.error().message());
    for (MutableObject& item : *list) out.items.push_back(as_memory(resource, std::move(item)));
  }
  out.resource_version = meta.resourceVersion;
  out.continue_token = meta.continue_;
  return out;
}

Error error_of(const meta::v1::Status& status, int http_status) {
  const int code = http_status != 0 ? http_status : status.code;
  ErrorDetails details;
  if (status.details) {
    const meta::v1::StatusDetails& told = *status.details;
    details.name = told.name;
    details.group = told.group;
    details.kind = told.kind;
    details.uid = told.uid;
    details.retry_after_seconds = told.retryAfterSeconds;
    for (const meta::v1::StatusCause& c : told.causes)
      details.causes.push_back({c.reason, c.message, c.field});
  }
  return Error(code_from(status.reason, code), status.message, std::move(details));
}

Error decode_error(int http_status, std::string_view content_type, std::string_view body) {
  const auto opened = open(content_type, body);
  if (opened.ok() && is_status(opened->type)) {
    meta::v1::Status status;
    if (decode(content_type, opened->raw, status.descriptor(), &status).ok())
      return error_of(status, http_status);
  }
  std::string text(body.substr(0, kTextShown));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return Error(code_from("", http_status),
               text.empty() ? fmt::format("the server answered {}", http_status) : text);
}

}  // namespace mizzen::rest
