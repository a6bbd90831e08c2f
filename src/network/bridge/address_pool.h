#pragma once
#include <string>

#include "base/net/ipv4.h"
#include "base/result.h"

namespace mizzen::network {

/// Which address of the node's range belongs to which container interface. Each allocation is one file named
/// by its address that holds its owner; there is no other state, so that it is right after any crash and can
/// be looked at. The first address is the gateway's; network and broadcast address are never given.
/// Threading: thread-safe across processes: every call holds a file lock.
/// Failure: taking twice for one owner gives the same address; giving back what is not taken is success.
/// Bounds: the range; TooManyRequests when it is used up. A freed address is the last to be given again.
class AddressPool {
 public:
  AddressPool(std::string folder, Ipv4Range range) : folder_(std::move(folder)), range_(range) {}

  uint32_t gateway() const { return range_.base + 1; }
  const Ipv4Range& range() const { return range_; }
  Result<uint32_t> take(const std::string& owner);
  Result<void> give_back(const std::string& owner);
  /// The address of this owner; NotFound where it has none.
  Result<uint32_t> find(const std::string& owner) const;
  /// Addresses in use.
  Result<size_t> used() const;

 private:
  std::string folder_;
  Ipv4Range range_;
};

}  // namespace mizzen::network
