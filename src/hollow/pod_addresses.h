#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/net/ipv4.h"

namespace mizzen::hollow {

/// The addresses that one node's pods have: a block of the cluster's range that is the node's alone, so that
/// no two pods of the cluster have the same. The first is never given. Threading: confined.
class PodAddresses {
 public:
  static constexpr uint32_t kNone = 0;

  /// Requires that there is a block of this number in the range.
  PodAddresses(Ipv4Range cluster, uint32_t number, uint32_t block);
  /// So many addresses does a node need for so many pods.
  static uint32_t block_for(int pods_max);
  /// So many nodes find a block in the range.
  static uint64_t blocks_in(const Ipv4Range& cluster, uint32_t block);

  /// A free address, the one that was free the longest of those that follow; kNone where there is none.
  uint32_t take();
  /// Takes this address. False where it is not of this block, or taken.
  bool take(uint32_t address);
  /// Requires that the address is taken.
  void give_back(uint32_t address);

 private:
  uint32_t base_;
  uint32_t next_ = 1;
  std::vector<bool> taken_;
};

}  // namespace mizzen::hollow
