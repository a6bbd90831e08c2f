#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace mizzen::store {

/// A point in the store's one history. An empty store stands at 1; each transaction that changes something
/// makes the next. Zero means "none" or "the newest", as the place that takes it says.
using Revision = Strong<int64_t, struct RevisionTag>;
/// Names a lease; zero is no lease.
using LeaseId = Strong<int64_t, struct LeaseIdTag>;
/// Value bytes, shared and never changed. Null reads as empty.
using Bytes = std::shared_ptr<const std::string>;

inline Bytes make_bytes(std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); }
inline std::string_view view(const Bytes& bytes) {
  return bytes ? std::string_view(*bytes) : std::string_view();
}

/// One key as it stood at some revision. Keys and values are any bytes.
struct KeyValue {
  std::string key;
  Bytes value;  ///< null with keys_only, and in a delete event
  Revision create_revision;
  Revision mod_revision;
  int64_t version = 0;  ///< 1 when created, one more with each put
  LeaseId lease;
};

/// Keys from `from` to `to` (exclusive), in byte order. An empty `to` means no upper end.
struct KeyRange {
  std::string from;
  std::string to;

  static KeyRange single(std::string_view key);
  /// All keys that begin with `prefix`.
  static KeyRange prefix(std::string_view prefix);
  static KeyRange all() { return {std::string(1, '\0'), {}}; }
  bool contains(std::string_view key) const {
    return key >= std::string_view(from) && (to.empty() || key < std::string_view(to));
  }
};

/// One change of one key.
struct Event {
  enum class Type : uint8_t { Put, Delete };
  Type type = Type::Put;
  KeyValue kv;  ///< for Delete: only key and mod_revision
  /// The key as it was before. Set where prev_kv was asked for, the key existed and is still known; may be
  /// set otherwise.
  std::optional<KeyValue> prev;

  bool is_create() const { return type == Type::Put && kv.create_revision == kv.mod_revision; }
};

}  // namespace mizzen::store
