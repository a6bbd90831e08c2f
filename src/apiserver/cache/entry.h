#pragma once
#include <array>
#include <deque>
#include <memory>
#include <string>

#include "api/registry/registry.h"
#include "async/mutex.h"
#include "http/message/slice.h"
#include "machinery/object/object.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {

using machinery::Object;

/// Role: keeps decoded objects and JSON texts of entries alive while there is room; an entry itself only
/// remembers them weakly and makes them again when asked. So resident memory follows the protobuf bytes, not
/// the readers. Threading: thread-safe. Bounds: bytes_max of estimated size; the oldest go first.
class Companions {
 public:
  explicit Companions(size_t bytes_max) : bytes_max_(bytes_max) {}
  void keep(std::shared_ptr<const void> companion, size_t bytes);
  size_t bytes() const;

 private:
  const size_t bytes_max_;
  mutable Mutex m_;
  std::deque<std::pair<std::shared_ptr<const void>, size_t>> kept_ MZ_GUARDED_BY(m_);
  size_t bytes_ MZ_GUARDED_BY(m_) = 0;
};

/// Role: one object at one revision, as the watch cache holds it: its protobuf bytes (with resourceVersion),
/// key, labels and selectable fields; decoded and JSON forms are companions made on demand, once while anyone
/// uses them. Threading: thread-safe, logically immutable.
class Entry {
 public:
  /// `object` has its resourceVersion set to `revision`.
  Entry(const api::ResourceInfo& resource, std::string key, int64_t revision, Object object,
        Companions& companions);

  const api::ResourceInfo& resource() const { return resource_; }
  const std::string& key() const { return key_; }  ///< "namespace/name", or "name"
  std::string_view namespace_() const;
  std::string_view name() const;
  int64_t revision() const { return revision_; }
  Companions& companions() const { return companions_; }
  const machinery::Labels& labels() const { return labels_; }
  const machinery::Labels& fields() const { return fields_; }  ///< with metadata.name and metadata.namespace

  Object object() const;
  /// Protobuf of the object in its storage version, without envelope.
  const http::Slice& wire() const { return wire_; }
  /// JSON of the object in its storage version, without kind and apiVersion: `{"metadata":...`.
  http::Slice json() const;

 private:
  Mutex& lock() const;

  const api::ResourceInfo& resource_;
  const std::string key_;
  const int64_t revision_;
  machinery::Labels labels_;
  machinery::Labels fields_;
  http::Slice wire_;
  Companions& companions_;
  mutable std::weak_ptr<const void> object_;       ///< guarded by lock()
  mutable std::weak_ptr<const std::string> json_;  ///< guarded by lock()
};
using EntryPtr = std::shared_ptr<const Entry>;

/// "namespace/name" or "name".
std::string entry_key(std::string_view namespace_, std::string_view name);
/// Where upstream keeps a resource in etcd: "/registry/services/specs/".
std::string storage_prefix(const api::ResourceInfo& resource);

/// The bytes that are stored: the `k8s\0` envelope around the object, without resourceVersion.
std::string encode_stored(const api::ResourceInfo& resource, const machinery::MutableObject& object);
/// The other way, with defaults applied and resourceVersion set to `revision`. InternalError where the bytes
/// are not this resource's.
Result<Object> decode_stored(const api::ResourceInfo& resource, std::string_view bytes, int64_t revision);

/// Converts between the in-memory type and a served version's.
machinery::MutableObject to_memory(const api::ResourceInfo& resource, const api::ServedVersion& version,
                                   machinery::MutableObject wire);
machinery::MutableObject from_memory(const api::ServedVersion& version, const Object& object);

}  // namespace mizzen::apiserver
