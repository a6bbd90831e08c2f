#pragma once
#include <memory>
#include <string_view>
#include <utility>

#include "codec/tables/schema.h"
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::machinery {

/// Role: a shared, immutable object of any kind: what caches hand out and the loopback transport passes.
/// Threading: immutable; copying shares. Empty by default.
class Object {
 public:
  Object() = default;
  Object(const codec::Message& message, std::shared_ptr<const void> object)
      : message_(&message), object_(std::move(object)) {}
  template <typename T>
  Object(std::shared_ptr<const T> object) : Object(T::descriptor(), std::move(object)) {}
  template <typename T>
  static Object of(T value) {
    return Object(T::descriptor(), std::make_shared<const T>(std::move(value)));
  }

  explicit operator bool() const { return object_ != nullptr; }
  const codec::Message& message() const { return *message_; }
  const void* get() const { return object_.get(); }
  /// The object as a T; nullptr where it is of another kind.
  template <typename T>
  const T* as() const {
    return object_ && message_ == &T::descriptor() ? static_cast<const T*>(object_.get()) : nullptr;
  }
  template <typename T>
  std::shared_ptr<const T> share() const {
    return as<T>() ? std::static_pointer_cast<const T>(object_) : nullptr;
  }
  const std::shared_ptr<const void>& shared() const { return object_; }
  /// Requires a kind with metadata.
  const meta::v1::ObjectMeta& meta() const;

 private:
  const codec::Message* message_ = nullptr;
  std::shared_ptr<const void> object_;
};

/// Role: an object of any kind under construction; becomes an Object when done.
/// Threading: a plain value with one owner.
class MutableObject {
 public:
  MutableObject() = default;
  explicit MutableObject(const codec::Message& message)
      : message_(&message), object_(message.create(), Delete(&message)) {}
  /// A copy of `from`.
  explicit MutableObject(const Object& from) : MutableObject(from.message()) {
    message_->assign(object_.get(), from.get());
  }
  MutableObject clone() const {
    MutableObject out(*message_);
    message_->assign(out.get(), get());
    return out;
  }

  explicit operator bool() const { return object_ != nullptr; }
  const codec::Message& message() const { return *message_; }
  void* get() { return object_.get(); }
  const void* get() const { return object_.get(); }
  template <typename T>
  T* as() {
    return object_ && message_ == &T::descriptor() ? static_cast<T*>(object_.get()) : nullptr;
  }
  template <typename T>
  const T* as() const {
    return const_cast<MutableObject*>(this)->as<T>();
  }
  meta::v1::ObjectMeta& meta();
  const meta::v1::ObjectMeta& meta() const { return const_cast<MutableObject*>(this)->meta(); }
  /// Gives the object up.
  Object freeze() && {
    const codec::Message* m = message_;
    return Object(*m, std::shared_ptr<const void>(object_.release(), Delete(m)));
  }

 private:
  struct Delete {
    Delete() : message(nullptr) {}
    explicit Delete(const codec::Message* m) : message(m) {}
    const codec::Message* message;
    void operator()(void* p) const { message->destroy(p); }
    void operator()(const void* p) const { message->destroy(const_cast<void*>(p)); }
  };
  const codec::Message* message_ = nullptr;
  std::unique_ptr<void, Delete> object_;
};

/// The metadata of an object of message `m`; nullptr where its kind has none.
const meta::v1::ObjectMeta* find_meta(const codec::Message& m, const void* object);
meta::v1::ObjectMeta* find_meta(const codec::Message& m, void* object);

/// The owner reference marked as controller, or nullptr.
const meta::v1::OwnerReference* controller_of(const meta::v1::ObjectMeta& meta);

}  // namespace mizzen::machinery
