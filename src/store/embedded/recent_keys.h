#pragma once
#include <optional>
#include <string>
#include <unordered_map>

#include "store/contract/store.h"

namespace mizzen::store {

/// Role: remembers what the keys that were written last look like, without their values: most transactions
/// compare the revision of a key that was written a short while ago, and need not look on the disk. What it
/// does not know may be there all the same. Threading: confined to the committing thread. Bounds: between one
/// and two times kGeneration keys; the ones that were used longest ago go first.
class RecentKeys {
 public:
  static constexpr size_t kGeneration = 8192;
  struct State {
    KeyValue kv;  ///< its value is null
    size_t bytes = 0;
  };

  /// Null where it is not known. Good until the next call.
  const State* find(const std::string& key);
  /// The key is so from now on.
  void put(const std::string& key, State state);
  void erase(const std::string& key);
  /// Forgets everything: what a failed write left behind is not known.
  void clear();
  size_t size() const { return young_.size() + old_.size(); }

 private:
  using Keys = std::unordered_map<std::string, State>;
  /// Makes room for one more young key.
  void age();

  Keys young_;
  Keys old_;
};

}  // namespace mizzen::store
