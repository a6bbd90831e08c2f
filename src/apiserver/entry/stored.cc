#include "apiserver/entry/stored.h"

#include <fmt/format.h>

#include "api/registry/convert.h"
#include "base/check.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::apiserver {

std::string entry_key(std::string_view namespace_, std::string_view name) {
  return namespace_.empty() ? std::string(name) : fmt::format("{}/{}", namespace_, name);
}

std::string storage_prefix(const api::ResourceInfo& resource) {
  return fmt::format("{}/{}/", kStorageRoot,
                     resource.storage_path.empty() ? resource.plural : resource.storage_path);
}

std::string encode_stored(const api::ResourceInfo& resource, const machinery::MutableObject& object) {
  std::string out;
  codec::encode_envelope(out, {resource.api_version(), resource.kind}, resource.message(), object.get());
  return out;
}

std::string_view stored_object(std::string_view stored) {
  const auto envelope = codec::open_envelope(stored);
  MZ_CHECK(envelope.ok(), "what was just sealed does not open: {}", envelope.error().message());
  return envelope->raw;
}

Result<Object> decode_stored(const api::ResourceInfo& resource, std::string_view bytes, int64_t revision) {
  const auto envelope = codec::open_envelope(bytes);
  if (!envelope.ok()) return Error(Code::InternalError, "stored object: " + envelope.error().message());
  machinery::MutableObject object;
  const api::ServedVersion* written = nullptr;
  for (const api::ServedVersion& v : resource.versions)
    if (v.api_version() == envelope->type.api_version) written = &v;
  if (!written || envelope->type.kind != resource.kind)
    return Error(Code::InternalError,
                 fmt::format("stored object is a {} {}, not a {}", envelope->type.api_version,
                             envelope->type.kind, resource.kind));
  machinery::MutableObject wire(*written->message);
  if (const auto r = codec::decode_proto(envelope->raw, *written->message, wire.get()); !r.ok())
    return Error(Code::InternalError, "stored object: " + r.error().message());
  object = api::to_memory(resource, *written, std::move(wire));
  resource.strategy->set_defaults(object.get(), envelope->type.api_version);
  object.meta().resourceVersion = std::to_string(revision);
  return std::move(object).freeze();
}

}  // namespace mizzen::apiserver
