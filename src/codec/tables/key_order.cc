#include "codec/tables/key_order.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace mizzen::codec {
namespace {

size_t common_front(const std::vector<std::string_view>& keys) {
  size_t n = keys.empty() ? 0 : keys.front().size();
  for (const std::string_view key : keys) {
    n = std::min(n, key.size());
    const std::string_view first = keys.front().substr(0, n);
    n = static_cast<size_t>(std::mismatch(first.begin(), first.end(), key.begin()).first - first.begin());
  }
  return n;
}

uint64_t front_of(std::string_view rest) {
  uint64_t out = 0;
  for (size_t i = 0; i < sizeof out; ++i)
    out = out << 8 | (i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0);
  return out;
}

/// Few are compared; many go by one byte after the other, which takes no decisions that a processor could
/// guess wrong.
void sort_by_front(std::vector<KeyPlace>& order) {
  constexpr size_t kFew = 256;
  if (order.size() < kFew) {
    std::sort(order.begin(), order.end(),
              [](const KeyPlace& a, const KeyPlace& b) { return a.front < b.front; });
    return;
  }
  std::vector<KeyPlace> sorted(order.size());
  for (int shift = 0; shift < 64; shift += 8) {
    const auto byte = [shift](const KeyPlace& place) { return place.front >> shift & 0xff; };
    std::array<size_t, 256> places{};
    for (const KeyPlace& place : order) ++places[byte(place)];
    if (places[byte(order.front())] == order.size()) continue;  // all the same here
    size_t next = 0;
    for (size_t& at : places) next += std::exchange(at, next);
    for (const KeyPlace& place : order) sorted[places[byte(place)]++] = place;
    order.swap(sorted);
  }
}

}  // namespace

std::vector<KeyPlace> key_order(const std::vector<std::string_view>& keys) {
  const size_t common = common_front(keys);
  std::vector<KeyPlace> order;
  order.reserve(keys.size());
  for (const std::string_view key : keys)
    order.push_back({front_of(key.substr(common)), static_cast<uint32_t>(order.size())});
  sort_by_front(order);
  // What the fronts leave open, the rest of the keys decides.
  for (size_t i = 0, end = 0; i < order.size(); i = end) {
    for (end = i + 1; end < order.size() && order[end].front == order[i].front;) ++end;
    if (end - i == 1) continue;
    std::sort(order.begin() + static_cast<ptrdiff_t>(i), order.begin() + static_cast<ptrdiff_t>(end),
              [&](const KeyPlace& a, const KeyPlace& b) {
                const int c = keys[a.index].compare(keys[b.index]);
                return c != 0 ? c < 0 : a.index < b.index;
              });
  }
  return order;
}

}  // namespace mizzen::codec
