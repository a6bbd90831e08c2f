#include "apiserver/cache/entry.h"

#include <fmt/format.h>

#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"
#include "machinery/object/convert.h"

namespace mizzen::apiserver {
namespace {

/// What a decoded object costs, measured on pods: about four times its bytes.
constexpr size_t kDecodedFactor = 4;

}  // namespace

void Companions::keep(std::shared_ptr<const void> companion, size_t bytes) {
  std::deque<std::pair<std::shared_ptr<const void>, size_t>> gone;  // destroyed without the lock
  Lock lock(m_);
  kept_.emplace_back(std::move(companion), bytes);
  bytes_ += bytes;
  while (bytes_ > bytes_max_ && kept_.size() > 1) {
    bytes_ -= kept_.front().second;
    gone.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
}

size_t Companions::bytes() const {
  Lock lock(m_);
  return bytes_;
}

Entry::Entry(const api::ResourceInfo& resource, std::string key, int64_t revision, Object object,
             Companions& companions)
    : resource_(resource), key_(std::move(key)), revision_(revision), companions_(companions) {
  const meta::v1::ObjectMeta& meta = object.meta();
  labels_ = meta.labels;
  resource.strategy->selectable_fields(object.get(), fields_);
  fields_.set("metadata.name", meta.name);
  if (resource.namespaced) fields_.set("metadata.namespace", meta.namespace_);
  std::string bytes;
  codec::encode_proto(bytes, object.message(), object.get());
  bytes.shrink_to_fit();
  wire_ = http::Slice(std::move(bytes));
  object_ = object.shared();
  companions_.keep(object.shared(), wire_.size() * kDecodedFactor);
}

Mutex& Entry::lock() const {
  static std::array<Mutex, 64> locks;  // striped: an entry of its own would carry 40 bytes for it
  return locks[(reinterpret_cast<uintptr_t>(this) >> 6) % locks.size()];
}

std::string_view Entry::namespace_() const {
  return resource_.namespaced ? std::string_view(key_).substr(0, key_.find('/')) : std::string_view();
}
std::string_view Entry::name() const {
  return resource_.namespaced ? std::string_view(key_).substr(key_.find('/') + 1) : std::string_view(key_);
}

Object Entry::object() const {
  {
    Lock guard(lock());
    if (auto held = object_.lock()) return Object(resource_.message(), std::move(held));
  }
  machinery::MutableObject made(resource_.message());
  // Our own bytes always decode; an empty object would be a bug seen at once.
  if (!codec::decode_proto(wire_.view(), resource_.message(), made.get()).ok()) return {};
  const Object object = std::move(made).freeze();
  companions_.keep(object.shared(), wire_.size() * kDecodedFactor);
  Lock guard(lock());
  object_ = object.shared();
  return object;
}

http::Slice Entry::json() const {
  {
    Lock guard(lock());
    if (auto held = json_.lock()) return http::Slice(std::move(held));
  }
  const Object decoded = object();
  auto text = std::make_shared<std::string>();
  text->reserve(wire_.size() * 2);
  codec::encode_json(*text, decoded.message(), decoded.get());
  text->shrink_to_fit();
  std::shared_ptr<const std::string> shared = std::move(text);
  companions_.keep(shared, shared->size());
  Lock guard(lock());
  json_ = shared;
  return http::Slice(std::move(shared));
}

std::string entry_key(std::string_view namespace_, std::string_view name) {
  return namespace_.empty() ? std::string(name) : fmt::format("{}/{}", namespace_, name);
}

std::string storage_prefix(const api::ResourceInfo& resource) {
  std::string_view path = resource.plural;
  if (resource.group().empty()) {
    if (path == "services") path = "services/specs";
    if (path == "endpoints") path = "services/endpoints";
    if (path == "nodes") path = "minions";
    if (path == "replicationcontrollers") path = "controllers";
  }
  return fmt::format("/registry/{}/", path);
}

std::string encode_stored(const api::ResourceInfo& resource, const machinery::MutableObject& object) {
  std::string out;
  codec::encode_envelope(out, {resource.api_version(), std::string(resource.kind)}, resource.message(),
                         object.get());
  return out;
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
  object = to_memory(resource, *written, std::move(wire));
  resource.strategy->set_defaults(object.get(), envelope->type.api_version);
  object.meta().resourceVersion = std::to_string(revision);
  return std::move(object).freeze();
}

machinery::MutableObject to_memory(const api::ResourceInfo& resource, const api::ServedVersion& version,
                                   machinery::MutableObject wire) {
  if (version.message == &resource.message()) return wire;
  machinery::MutableObject out(resource.message());
  if (version.to_memory) {
    version.to_memory(wire.get(), out.get());
  } else {
    machinery::convert_by_name(*version.message, wire.get(), out.message(), out.get());
  }
  return out;
}

machinery::MutableObject from_memory(const api::ServedVersion& version, const Object& object) {
  machinery::MutableObject out(*version.message);
  if (version.from_memory) {
    version.from_memory(object.get(), out.get());
  } else {
    machinery::convert_by_name(object.message(), object.get(), out.message(), out.get());
  }
  return out;
}

}  // namespace mizzen::apiserver
