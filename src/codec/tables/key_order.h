#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace mizzen::codec {

/// Where a key comes from, with eight bytes of it beside that: most comparisons need no more, and so do not
/// wait for memory.
struct KeyPlace {
  uint64_t front;  ///< the bytes behind what all keys begin with, the first one highest, filled up with zeros
  uint32_t index;
};

/// The places of `keys` in the order of the keys, equal ones in the order they came. Takes n log n.
std::vector<KeyPlace> key_order(const std::vector<std::string_view>& keys);

}  // namespace mizzen::codec
