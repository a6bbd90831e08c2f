#pragma once
#include <string>
#include <string_view>

#include "machinery/object/packed.h"

namespace mizzen::client {

using machinery::Object;
using machinery::PackedPtr;

/// Role: an object as somebody saw it: what a watch tells, and what an informer shows. Names cost nothing,
/// metadata is decoded alone, the rest when first asked for; what was decoded once is so for all who are
/// shown the same Seen, and goes with it. Who wants to keep it keeps packed(). Threading: a plain value;
/// shown to one thread at a time. Empty by default: nothing else may be asked then.
class Seen {
 public:
  Seen() = default;
  Seen(Object object) : object_(std::move(object)) {}
  Seen(PackedPtr packed) : packed_(std::move(packed)) {}

  explicit operator bool() const { return packed_ || object_; }
  std::string_view namespace_() const { return object_ ? object_.meta().namespace_ : names().namespace_; }
  std::string_view name() const { return object_ ? object_.meta().name : names().name; }
  std::string_view uid() const { return object_ ? object_.meta().uid : names().uid; }
  std::string_view resource_version() const {
    return object_ ? object_.meta().resourceVersion : names().resource_version;
  }
  /// "namespace/name", or "name": what queues have of it.
  std::string key() const;

  const meta::v1::ObjectMeta& meta() const;
  const Object& object() const;
  /// The object as a T; nullptr where it is of another kind, or empty.
  template <typename T>
  const T* as() const {
    return *this ? object().as<T>() : nullptr;
  }
  template <typename T>
  std::shared_ptr<const T> share() const {
    return *this ? object().share<T>() : nullptr;
  }
  /// Bytes; made where the object came decoded.
  PackedPtr packed() const { return packed_ ? packed_ : machinery::pack(object_); }

 private:
  machinery::NamesInWire names() const { return packed_->names(); }

  PackedPtr packed_;
  mutable Object object_;
  mutable std::shared_ptr<const meta::v1::ObjectMeta> meta_;
};

}  // namespace mizzen::client
