#include "hollow/pod_addresses.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace mizzen::hollow {

PodAddresses::PodAddresses(Ipv4Range cluster, uint32_t number, uint32_t block)
    : base_(cluster.base + number * block), taken_(block) {
  MZ_CHECK(number < blocks_in(cluster, block), "{} has no block {} of {} addresses", cluster.text(), number,
           block);
}

uint32_t PodAddresses::block_for(int pods_max) {
  return std::bit_ceil(static_cast<uint32_t>(std::max(pods_max, 1)) + 1);
}

uint64_t PodAddresses::blocks_in(const Ipv4Range& cluster, uint32_t block) { return cluster.size() / block; }

uint32_t PodAddresses::take() {
  const auto size = static_cast<uint32_t>(taken_.size());
  for (uint32_t tried = 1; tried < size; ++tried) {
    const uint32_t at = next_;
    next_ = at + 1 == size ? 1 : at + 1;
    if (taken_[at]) continue;
    taken_[at] = true;
    return base_ + at;
  }
  return kNone;
}

bool PodAddresses::take(uint32_t address) {
  const uint32_t at = address - base_;  // of an address below it: more than there are
  if (at == 0 || at >= taken_.size() || taken_[at]) return false;
  taken_[at] = true;
  return true;
}

void PodAddresses::give_back(uint32_t address) {
  const uint32_t at = address - base_;
  MZ_CHECK(at < taken_.size() && taken_[at], "{} was not taken", format_ipv4(address));
  taken_[at] = false;
}

}  // namespace mizzen::hollow
