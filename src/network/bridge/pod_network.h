#pragma once
#include <string>
#include <vector>

#include "network/bridge/address_pool.h"

namespace mizzen::network {

/// How the pod network of one node is laid out.
struct NetworkOptions {
  std::string bridge = "mizzen0";
  std::string table = "mizzen";                ///< of nftables, families ip
  std::string pod_range = "10.42.0.0/24";      ///< of this node
  std::string cluster_range = "10.42.0.0/16";  ///< of all nodes: reached without NAT
  int mtu = 1500;
  std::string data_folder;  ///< allocations live below it
};

/// A port of the node that leads to a port of a pod.
struct HostPort {
  std::string protocol;  ///< tcp or udp
  int host_port = 0;
  int container_port = 0;
  std::string host_ip;  ///< empty: every address of the node
};

/// What a pod got.
struct Attachment {
  std::string interface;       ///< in the pod: eth0
  std::string host_interface;  ///< the other end
  std::string mac;
  std::string address;  ///< 10.42.0.5
  int bits = 0;
  std::string gateway;
};

/// The pod network of this node on a Linux bridge: makes it, gives pods their part of it, and takes
/// everything away. Place: made by the CNI plug-in (a process of its own per call) and by the node's start
/// and `down`. Truth: the kernel and the files of the address pool; nothing is kept in memory between calls.
/// Threading: thread-safe, also across processes.
/// Failure: every call may be repeated; detach() after an attach() that stopped anywhere leaves nothing.
class PodNetwork {
 public:
  /// BadRequest where the options make no sense (range, names too long).
  static Result<PodNetwork> create(NetworkOptions options);

  /// Bridge with the gateway's address, forwarding, NAT table. Idempotent; called by every attach.
  Result<void> ensure_node();
  Result<Attachment> attach(const std::string& container_id, const std::string& network_namespace,
                            const std::string& interface, const std::vector<HostPort>& ports);
  Result<void> detach(const std::string& container_id, const std::string& interface);
  /// NotFound or Conflict where what attach() made is not there any more.
  Result<void> check(const std::string& container_id, const std::string& network_namespace,
                     const std::string& interface);
  /// Removes bridge, pods' interfaces, rules and allocations. Pods must be gone.
  Result<void> down();

 private:
  PodNetwork(NetworkOptions options, AddressPool pool)
      : options_(std::move(options)), pool_(std::move(pool)) {}
  std::string port_folder() const { return options_.data_folder + "/hostports"; }
  Result<void> wire(const Attachment& attachment, const std::string& network_namespace);
  Result<void> open_host_ports(const std::string& container_id, const Attachment& attachment,
                               const std::vector<HostPort>& ports);
  Result<void> close_host_ports(const std::string& container_id);

  NetworkOptions options_;
  AddressPool pool_;
};

/// The node's end of a pod's cable: the same name for the same container and interface, 15 characters at
/// most.
std::string host_interface_name(const std::string& container_id, const std::string& interface);
/// Pure: BadRequest where this network cannot open such a port.
Result<void> check_host_port(const HostPort& port);
/// Pure: the commands that put the node's table in place where it is not, and leave it alone where it is.
std::string node_table_commands(const NetworkOptions& options);

}  // namespace mizzen::network
