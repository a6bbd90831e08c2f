#include "client/informer/view.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::client {

PackedPtr View::find(const std::string& key) const {
  const auto it = slots_.find(key);
  return it == slots_.end() ? nullptr : it->second.packed;
}

bool View::stands(const Slot& slot, const Values& values) {
  size_t at = 0;
  for (size_t index = 0; index < values.size(); ++index)
    for (const std::string& value : values[index]) {
      if (at == slot.places.size() || slot.places[at].first != index ||
          slot.places[at].second->first != value)
        return false;
      ++at;
    }
  return at == slot.places.size();
}

void View::put(const std::string& key, PackedPtr packed, Values values) {
  MZ_CHECK(values.size() == indexes_.size(), "values of {} indexes where {} are", values.size(),
           indexes_.size());
  for (auto& each : values) {
    std::sort(each.begin(), each.end());
    each.erase(std::unique(each.begin(), each.end()), each.end());
  }
  Item& item = *slots_.try_emplace(key).first;
  item.second.packed = std::move(packed);
  if (stands(item.second, values)) return;
  leave(item);
  item.second.places.clear();
  for (size_t index = 0; index < values.size(); ++index)
    for (std::string& value : values[index]) {
      const auto place = indexes_[index].try_emplace(std::move(value)).first;
      place->second.insert(&item);
      item.second.places.emplace_back(index, place);
    }
  item.second.places.shrink_to_fit();
}

void View::leave(const Item& item) {
  for (const auto& [index, place] : item.second.places) {
    place->second.erase(&item);
    if (place->second.empty()) indexes_[index].erase(place);
  }
}

void View::remove(const std::string& key) {
  const auto it = slots_.find(key);
  if (it == slots_.end()) return;
  leave(*it);
  slots_.erase(it);
}

std::vector<PackedPtr> View::list(const std::string& namespace_) const {
  std::vector<PackedPtr> out;
  const std::string prefix = namespace_.empty() ? "" : namespace_ + "/";
  for (auto it = slots_.lower_bound(prefix); it != slots_.end() && it->first.starts_with(prefix); ++it)
    out.push_back(it->second.packed);
  return out;
}

std::vector<PackedPtr> View::with(size_t index, const std::string& value) const {
  std::vector<PackedPtr> out;
  const auto place = indexes_[index].find(value);
  if (place == indexes_[index].end()) return out;
  out.reserve(place->second.size());
  for (const Item* item : place->second) out.push_back(item->second.packed);
  return out;
}

size_t View::count(size_t index, const std::string& value) const {
  const auto place = indexes_[index].find(value);
  return place == indexes_[index].end() ? 0 : place->second.size();
}

std::vector<std::string> View::values(size_t index) const {
  std::vector<std::string> out;
  for (const auto& [value, items] : indexes_[index]) out.push_back(value);
  return out;
}

std::vector<std::string> View::keys() const {
  std::vector<std::string> out;
  out.reserve(slots_.size());
  for (const auto& [key, slot] : slots_) out.push_back(key);
  return out;
}

}  // namespace mizzen::client
