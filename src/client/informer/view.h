#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "machinery/object/packed.h"

namespace mizzen::client {

using machinery::PackedPtr;

/// Role: the objects that an informer knows, by key and by what its indexes say of them. Each keeps its place
/// in the indexes, so that it is found there, and leaves them, without being decoded. Threading: a plain
/// value with one owner. Bounds: what is put in; about 130 bytes for each object beside its own, and 60 for
/// each value of an index that it has.
class View {
 public:
  /// Of one object: for each index, in order, the values.
  using Values = std::vector<std::vector<std::string>>;

  explicit View(size_t indexes = 0) : indexes_(indexes) {}
  View(const View&) = delete;
  /// One more index; before anything is put in.
  void add_index() { indexes_.emplace_back(); }

  /// What stands there now; null where nothing does.
  PackedPtr find(const std::string& key) const;
  /// Puts an object in place of the one of this key.
  void put(const std::string& key, PackedPtr packed, Values values);
  void remove(const std::string& key);
  /// Those of a namespace, or all, in order of key.
  std::vector<PackedPtr> list(const std::string& namespace_) const;
  /// Those of which index number `index` said `value`, in order of key.
  std::vector<PackedPtr> with(size_t index, const std::string& value) const;
  size_t count(size_t index, const std::string& value) const;
  /// All that index number `index` says of any, in order.
  std::vector<std::string> values(size_t index) const;
  std::vector<std::string> keys() const;
  size_t size() const { return slots_.size(); }

 private:
  struct Slot;
  using Item = std::pair<const std::string, Slot>;
  struct ByKey {
    bool operator()(const Item* a, const Item* b) const { return a->first < b->first; }
  };
  using Items = std::set<const Item*, ByKey>;
  using Places = std::map<std::string, Items>;
  struct Slot {
    PackedPtr packed;
    /// Where it stands in the indexes: the number of each, and the value.
    std::vector<std::pair<size_t, Places::iterator>> places;
  };
  void leave(const Item& item);
  static bool stands(const Slot& slot, const Values& values);

  std::map<std::string, Slot> slots_;
  std::vector<Places> indexes_;
};

}  // namespace mizzen::client
