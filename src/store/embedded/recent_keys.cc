#include "store/embedded/recent_keys.h"

#include "base/check.h"

namespace mizzen::store {

void RecentKeys::age() {
  if (young_.size() < kGeneration) return;
  old_ = std::move(young_);
  young_ = {};
}

const RecentKeys::State* RecentKeys::find(const std::string& key) {
  if (const auto it = young_.find(key); it != young_.end()) return &it->second;
  const auto it = old_.find(key);
  if (it == old_.end()) return nullptr;
  State state = std::move(it->second);
  old_.erase(it);
  age();
  return &young_.emplace(key, std::move(state)).first->second;
}

void RecentKeys::put(const std::string& key, State state) {
  MZ_CHECK(!state.kv.value, "the value of {} would be kept", key);
  old_.erase(key);
  const auto it = young_.find(key);
  if (it != young_.end()) {
    MZ_CHECK(it->second.kv.mod_revision <= state.kv.mod_revision, "{} goes back from revision {} to {}", key,
             it->second.kv.mod_revision.get(), state.kv.mod_revision.get());
    it->second = std::move(state);
    return;
  }
  age();
  young_.emplace(key, std::move(state));
}

void RecentKeys::erase(const std::string& key) {
  young_.erase(key);
  old_.erase(key);
}

void RecentKeys::clear() {
  young_.clear();
  old_.clear();
}

}  // namespace mizzen::store
