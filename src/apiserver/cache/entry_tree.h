#pragma once
#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "apiserver/entry/entry.h"

namespace mizzen::apiserver {

/// Role: an ordered map of entries by key whose copies share what they have in common: a copy is one
/// reference count, and a change to one copy never shows in another. So a list keeps a copy and walks it
/// without a lock while writes go on. Place: one per ResourceCache; a Snapshot is a copy. Threading: a plain
/// value; different copies may be used by different threads at once. Invariants: I1 keys rise. I2 each node
/// knows how many entries stand below it. I3 a node that two trees share is never changed: it is copied
/// first, so a change copies at most one node per level, and none where no copy is held. Cost: find, set,
/// erase, rank and seek are O(log n). Bounds: none of its own; 16 bytes an entry and about a quarter for
/// nodes.
class EntryTree {
 public:
  EntryTree() = default;
  EntryTree(const EntryTree& other);
  EntryTree(EntryTree&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  EntryTree& operator=(EntryTree other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~EntryTree();

  size_t size() const;
  /// The entry under `key`; null where there is none.
  EntryPtr find(std::string_view key) const;
  /// Puts `entry` under its key; the entry that stood there before, or null.
  EntryPtr set(EntryPtr entry);
  /// Takes the entry under `key` out and returns it; null where there was none.
  EntryPtr erase(std::string_view key);
  /// How many entries have a key before `key`.
  size_t rank(std::string_view key) const;

  struct Node;

  /// Role: a place in a tree, for walks forward. Valid while the tree it was made from is neither changed nor
  /// gone.
  class Cursor {
   public:
    /// Null at the end.
    const Entry* get() const;
    const EntryPtr& share() const;
    void next();

   private:
    friend class EntryTree;
    static constexpr int kDepthMax = 12;
    struct Step {
      const Node* node;
      uint16_t at;
    };
    Step steps_[kDepthMax];
    int depth_ = 0;
  };
  /// The first entry whose key is not before `key` (or, with `after`, is behind it).
  Cursor seek(std::string_view key, bool after = false) const;

 private:
  Node* root_ = nullptr;
};

/// The first key that no key with this prefix reaches: the end of a namespace. Requires that `prefix` does
/// not end in 0xff.
std::string prefix_end(std::string_view prefix);

}  // namespace mizzen::apiserver
