#pragma once
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/tables/key_order.h"

namespace mizzen::codec {

/// An optional message on the heap, one pointer wide: absent differs from empty, as a Go pointer does. Copies
/// deeply. Threading: as a plain value.
template <typename T>
class Box {
 public:
  Box() = default;
  Box(T value) : ptr_(new T(std::move(value))) {}
  Box(const Box& other) : ptr_(other.ptr_ ? new T(*other.ptr_) : nullptr) {}
  Box(Box&& other) noexcept : ptr_(std::exchange(other.ptr_, nullptr)) {}
  Box& operator=(Box other) noexcept {
    std::swap(ptr_, other.ptr_);
    return *this;
  }
  ~Box() { delete ptr_; }

  explicit operator bool() const { return ptr_ != nullptr; }
  bool has_value() const { return ptr_ != nullptr; }
  T& operator*() { return *ptr_; }
  const T& operator*() const { return *ptr_; }
  T* operator->() { return ptr_; }
  const T* operator->() const { return ptr_; }
  T* get() { return ptr_; }
  const T* get() const { return ptr_; }
  void reset() { *this = Box(); }
  /// Replaces the content by an empty message.
  T& emplace() {
    *this = Box(T());
    return *ptr_;
  }
  /// The content, made empty first where absent.
  T& ensure() { return ptr_ ? *ptr_ : emplace(); }

 private:
  T* ptr_ = nullptr;
};

/// A map with string keys as one sorted vector: small, compact, iterated in key order.
/// Lookup is logarithmic, insertion of one entry linear; whoever has many of them appends them all and
/// settles the map once, which takes n log n.
template <typename V>
class Map {
 public:
  using Entry = std::pair<std::string, V>;
  using Entries = std::vector<Entry>;
  Map() = default;
  Map(std::initializer_list<Entry> entries) {
    for (const Entry& e : entries) set(e.first, e.second);
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  const V* find(std::string_view key) const {
    const auto it = lower(key);
    return it != entries_.end() && it->first == key ? &it->second : nullptr;
  }
  V* find(std::string_view key) { return const_cast<V*>(std::as_const(*this).find(key)); }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  V& operator[](std::string_view key) {
    const auto it = lower(key);
    const size_t at = static_cast<size_t>(it - entries_.begin());
    if (it == entries_.end() || it->first != key) entries_.insert(it, Entry(std::string(key), V()));
    return entries_[at].second;
  }
  void set(std::string_view key, V value) { (*this)[key] = std::move(value); }
  bool erase(std::string_view key) {
    const auto it = lower(key);
    if (it == entries_.end() || it->first != key) return false;
    entries_.erase(it);
    return true;
  }
  void clear() { entries_.clear(); }
  /// Appends an entry in constant time, in whatever order. The map is no map again until settle() was called.
  V& append(std::string_view key) { return entries_.emplace_back(std::string(key), V()).second; }
  /// Makes a map of what was appended: sorts, and of equal keys keeps the last. `twice` gets every key that
  /// came again, in the order they came.
  void settle(std::vector<std::string>* twice = nullptr) {
    const auto less = [](const Entry& a, const Entry& b) { return a.first < b.first; };
    const auto not_less = [&](const Entry& a, const Entry& b) { return !less(a, b); };
    if (std::adjacent_find(entries_.begin(), entries_.end(), not_less) == entries_.end()) return;
    const auto not_greater = [&](const Entry& a, const Entry& b) { return !less(b, a); };
    if (std::adjacent_find(entries_.begin(), entries_.end(), not_greater) == entries_.end()) {
      std::reverse(entries_.begin(), entries_.end());
      return;
    }
    std::vector<std::string_view> keys;
    keys.reserve(entries_.size());
    for (const Entry& e : entries_) keys.push_back(e.first);
    const std::vector<KeyPlace> order = key_order(keys);
    const auto same_as_next = [&](size_t i) {
      return i + 1 < order.size() && order[i].front == order[i + 1].front &&
             keys[order[i].index] == keys[order[i + 1].index];
    };
    std::vector<uint32_t> again;
    for (size_t i = 0; i < order.size(); ++i)
      if (same_as_next(i)) again.push_back(order[i + 1].index);
    std::sort(again.begin(), again.end());
    for (size_t i = 0; twice && i < again.size(); ++i) twice->push_back(entries_[again[i]].first);
    Entries sorted;
    sorted.reserve(order.size() - again.size());
    // An entry is moved after it was compared with the next one, so that `keys` shows both.
    for (size_t i = 0; i < order.size(); ++i)
      if (!same_as_next(i)) sorted.push_back(std::move(entries_[order[i].index]));
    entries_ = std::move(sorted);
  }
  /// Value, or the default where absent.
  V get(std::string_view key, V otherwise = V()) const {
    const V* v = find(key);
    return v ? *v : std::move(otherwise);
  }
  friend bool operator==(const Map& a, const Map& b) { return a.entries_ == b.entries_; }

 private:
  typename Entries::const_iterator lower(std::string_view key) const {
    return std::lower_bound(entries_.begin(), entries_.end(), key,
                            [](const Entry& e, std::string_view k) { return std::string_view(e.first) < k; });
  }
  Entries entries_;
};

}  // namespace mizzen::codec
