#pragma once
#include <string>
#include <vector>

#include "placement/amounts.h"

namespace mizzen::placement {

/// Of what a node does not have enough; CPU in thousandths.
struct Shortage {
  std::string resource;
  int64_t requested = 0, used = 0, capacity = 0;
  /// What is asked for is more than even an empty node would give.
  bool hopeless() const { return requested > capacity; }
  friend bool operator==(const Shortage&, const Shortage&) = default;
};

/// What one more pod that asks for `wanted` lacks on a node whose `pods` take `used`; in upstream's order.
/// Pure.
std::vector<Shortage> shortages(const Amounts& wanted, const Amounts& used, size_t pods,
                                const Amounts& allocatable);

}  // namespace mizzen::placement
