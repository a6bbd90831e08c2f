#include "apiserver/entry/entry.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "codec/proto/proto_codec.h"
#include "codec/proto/wire_fields.h"
#include "codec/transcode/proto_to_json.h"

namespace mizzen::apiserver {
namespace {

/// What a decoded object costs, measured on pods: about four times its bytes.
constexpr size_t kDecodedFactor = 4;

/// The names that a strategy tells, in its order.
class Names final : public api::FieldValues {
 public:
  void set(std::string_view name, std::string_view) override { out.emplace_back(name); }
  std::vector<std::string> out;
};

class Values final : public api::FieldValues {
 public:
  explicit Values(const std::vector<std::string>& names) : names_(names) {}
  void set(std::string_view name, std::string_view value) override {
    MZ_CHECK(count_ < names_.size() && names_[count_] == name, "{} is told where {} was", name, count_);
    codec::append_varint(out, ++count_ << 3 | 2);  // a field of bytes
    codec::append_varint(out, value.size());
    out += value;
  }
  std::string out;

 private:
  const std::vector<std::string>& names_;
  size_t count_ = 0;
};

std::vector<std::string> field_names(const api::ResourceInfo& resource) {
  const machinery::MutableObject empty(resource.message());
  Names names;
  resource.strategy->selectable_fields(empty.get(), names);
  return std::move(names.out);
}

std::string field_values(const EntryHome& home, const void* object) {
  Values values(home.fields());
  home.resource().strategy->selectable_fields(object, values);
  return std::move(values.out);
}

}  // namespace

EntryHome::EntryHome(const api::ResourceInfo& resource, CompanionsPtr companions)
    : resource_(resource.share()), companions_(std::move(companions)), fields_(field_names(resource)) {}

EntryPtr Entry::encode(EntryHomePtr home, std::string_view key, int64_t revision, Object object) {
  std::string wire;
  codec::encode_proto(wire, object.message(), object.get());
  auto out = std::make_shared<Entry>(Private(), std::move(home), revision);
  out->fill(key, field_values(*out->home_, object.get()), wire);
  out->keep(object);
  return out;
}

EntryPtr Entry::stamp(EntryHomePtr home, std::string_view key, int64_t revision, std::string_view wire,
                      machinery::MutableObject object) {
  auto out = std::make_shared<Entry>(Private(), std::move(home), revision);
  out->fill(key, field_values(*out->home_, object.get()), machinery::with_revision(wire, revision));
  auto& version = object.meta().resourceVersion;
  version = revision == 0 ? "" : std::to_string(revision);
  out->keep(std::move(object).freeze());
  return out;
}

EntryPtr Entry::at(int64_t revision) const {
  auto out = std::make_shared<Entry>(Private(), home_, revision);
  out->fill(key(), fields_view(), machinery::with_revision(wire_view(), revision));
  return out;
}

void Entry::fill(std::string_view key, std::string_view fields, std::string_view wire) {
  key_size_ = static_cast<uint32_t>(key.size());
  fields_size_ = static_cast<uint32_t>(fields.size());
  wire_size_ = static_cast<uint32_t>(wire.size());
  auto block = std::make_shared_for_overwrite<char[]>(key.size() + fields.size() + wire.size());
  char* at = block.get();
  for (const std::string_view part : {key, fields, wire}) at = std::copy(part.begin(), part.end(), at);
  block_ = std::move(block);
  labels_ = machinery::find_labels(wire_view());
}

void Entry::keep(const Object& object) const {
  home_->companions().keep(object.shared(), wire_size_ * kDecodedFactor);
  Lock guard(lock());
  object_ = object.shared();
}

Mutex& Entry::lock() const {
  static std::array<Mutex, 64> locks;  // striped: an entry of its own would carry 40 bytes for it
  return locks[(reinterpret_cast<uintptr_t>(this) >> 6) % locks.size()];
}

std::string_view Entry::namespace_() const {
  return resource().namespaced ? key().substr(0, key().find('/')) : std::string_view();
}
std::string_view Entry::name() const {
  return resource().namespaced ? key().substr(key().find('/') + 1) : key();
}

std::optional<std::string_view> Entry::label(std::string_view key) const {
  return machinery::label_in(wire_view().substr(labels_.at, labels_.size), key);
}

std::string_view Entry::field(std::string_view name) const {
  if (name == "metadata.name") return this->name();
  if (name == "metadata.namespace") return namespace_();
  codec::WireFields values(fields_view());
  for (const std::string& field : home_->fields())
    if (values.next() && field == name) return values.value();
  return {};
}

void Entry::each_field(absl::FunctionRef<void(std::string_view name, std::string_view value)> f) const {
  f("metadata.name", name());
  if (resource().namespaced) f("metadata.namespace", namespace_());
  codec::WireFields values(fields_view());
  for (const std::string& field : home_->fields())
    if (values.next()) f(field, values.value());
}

Object Entry::at_hand() const {
  Lock guard(lock());
  auto held = object_.lock();
  return held ? Object(resource().message(), std::move(held)) : Object();
}

Object Entry::object() const {
  if (Object held = at_hand()) return held;
  machinery::MutableObject made(resource().message());
  const auto decoded = codec::decode_proto(wire_view(), resource().message(), made.get());
  MZ_CHECK(decoded.ok(), "{} {} does not decode: {}", resource().plural, key(), decoded.error().message());
  const Object object = std::move(made).freeze();
  keep(object);
  return object;
}

http::Slice Entry::json() const {
  {
    Lock guard(lock());
    if (auto held = json_.lock()) return http::Slice(std::move(held));
  }
  auto text = std::make_shared<std::string>();
  text->reserve(wire_size_ * 2);
  codec::proto_to_json(*text, resource().message(), wire_view());
  text->shrink_to_fit();
  std::shared_ptr<const std::string> shared = std::move(text);
  home_->companions().keep(shared, shared->size());
  Lock guard(lock());
  json_ = shared;
  return http::Slice(std::move(shared));
}

}  // namespace mizzen::apiserver
