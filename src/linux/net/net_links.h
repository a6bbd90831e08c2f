#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// An IPv4 or IPv6 address with its prefix length: 10.42.0.1/24.
struct IpPrefix {
  std::string address;
  int bits = 0;
  std::string text() const;
};

/// One network interface.
struct LinkInfo {
  std::string name;
  int index = 0;
  int mtu = 0;
  std::string mac;  ///< aa:bb:cc:dd:ee:ff
  bool up = false;
  int master = 0;  ///< index of the bridge it is a port of; 0: none
};

/// A route netlink socket in the network namespace of the thread that opened it: interfaces, addresses,
/// routes, without running `ip`. Every change is idempotent: what is already so is success. Threading:
/// confined to one thread at a time. Failure: errors carry the kernel's reason.
class NetLinks {
 public:
  static Result<NetLinks> open();
  NetLinks(NetLinks&&) noexcept;
  NetLinks& operator=(NetLinks&&) noexcept;
  ~NetLinks();

  Result<LinkInfo> link(const std::string& name);
  Result<std::vector<LinkInfo>> links();
  Result<void> add_bridge(const std::string& name, int mtu);
  /// A pair: `name` here, `peer` in the network namespace behind `peer_namespace`.
  Result<void> add_veth(const std::string& name, const std::string& peer, const Fd& peer_namespace, int mtu);
  /// Nothing of that name is success.
  Result<void> delete_link(const std::string& name);
  Result<void> set_up(const std::string& name);
  Result<void> set_master(const std::string& name, const std::string& bridge);
  /// Lets the bridge send a frame back out of the port it came from: a pod that reaches itself through a
  /// service.
  Result<void> set_hairpin(const std::string& name, bool on);
  Result<void> set_mac(const std::string& name, const std::string& mac);

  Result<void> add_address(const std::string& link, const IpPrefix& address);
  Result<std::vector<IpPrefix>> addresses(const std::string& link);
  /// `destination` empty: the default route.
  Result<void> add_route(const std::string& link, const std::optional<IpPrefix>& destination,
                         const std::string& gateway);
  /// The address this machine would use to reach the internet, by its main table's default route; NotFound
  /// without one.
  Result<std::string> default_address();

 private:
  struct Rep;
  explicit NetLinks(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

/// Loopback up, in the current namespace of the calling thread.
Result<void> set_loopback_up();

}  // namespace mizzen::linux
