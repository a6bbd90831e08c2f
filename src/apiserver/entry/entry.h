#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "apiserver/entry/companions.h"
#include "apiserver/entry/stored.h"
#include "async/mutex.h"
#include "http/message/slice.h"
#include "machinery/object/packed.h"
#include "machinery/object/wire_scan.h"

namespace mizzen::apiserver {

class Entry;
using EntryPtr = std::shared_ptr<const Entry>;

/// Role: what all entries of one resource share, and what keeps it while there are any: components may have
/// some when the server has gone. Threading: immutable.
class EntryHome {
 public:
  EntryHome(const api::ResourceInfo& resource, CompanionsPtr companions);

  const api::ResourceInfo& resource() const { return *resource_; }
  Companions& companions() const { return *companions_; }
  /// The resource's selectable fields, in the order in which entries keep their values.
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  const api::ResourcePtr resource_;
  const CompanionsPtr companions_;
  const std::vector<std::string> fields_;
};
using EntryHomePtr = std::shared_ptr<const EntryHome>;

/// Role: one object at one revision, as the watch cache holds it: its protobuf bytes (with resourceVersion),
/// key and selectable fields in one block. Labels are read from the bytes. Decoded and JSON forms are
/// companions made on demand, once while anyone uses them. Components in the process keep what they watch as
/// these entries too (`machinery::Packed`). Threading: thread-safe, logically immutable. Bounds: about 160
/// bytes beside the object's own.
class Entry final : public machinery::Packed {
  struct Private {};  // entries are made by the functions below

 public:
  /// Encodes `object`, whose resourceVersion is set to `revision`.
  static EntryPtr encode(EntryHomePtr home, std::string_view key, int64_t revision, Object object);
  /// From bytes made already: `wire` is `object` encoded, whatever resourceVersion either has.
  static EntryPtr stamp(EntryHomePtr home, std::string_view key, int64_t revision, std::string_view wire,
                        machinery::MutableObject object);
  /// The same state under another revision.
  EntryPtr at(int64_t revision) const;

  Entry(Private, EntryHomePtr home, int64_t revision) : home_(std::move(home)), revision_(revision) {}

  const api::ResourceInfo& resource() const { return home_->resource(); }
  const EntryHomePtr& home() const { return home_; }
  std::string_view key() const { return {block_.get(), key_size_}; }  ///< "namespace/name", or "name"
  std::string_view namespace_() const;
  std::string_view name() const;
  int64_t revision() const { return revision_; }
  std::optional<std::string_view> label(std::string_view key) const;
  /// A selectable field's value, also metadata.name and metadata.namespace; empty where there is no such
  /// field.
  std::string_view field(std::string_view name) const;
  void each_field(absl::FunctionRef<void(std::string_view name, std::string_view value)> f) const;

  Object object() const override;
  Object at_hand() const override;
  /// Protobuf of the object in its storage version, without envelope.
  http::Slice wire() const { return {block_, wire_view()}; }
  std::string_view wire_view() const override {
    return {block_.get() + key_size_ + fields_size_, wire_size_};
  }
  /// JSON of the object in its storage version, without kind and apiVersion: `{"metadata":...`.
  http::Slice json() const;

 private:
  Mutex& lock() const;
  void fill(std::string_view key, std::string_view fields, std::string_view wire);
  void keep(const Object& object) const;
  std::string_view fields_view() const { return {block_.get() + key_size_, fields_size_}; }

  const EntryHomePtr home_;
  const int64_t revision_;
  /// Key, values of fields (as a protobuf message numbers them), wire.
  std::shared_ptr<const char[]> block_;
  uint32_t key_size_ = 0, fields_size_ = 0, wire_size_ = 0;
  machinery::Extent labels_;                       ///< in the wire
  mutable std::weak_ptr<const void> object_;       ///< guarded by lock()
  mutable std::weak_ptr<const std::string> json_;  ///< guarded by lock()
};

}  // namespace mizzen::apiserver
