#pragma once
#include <compare>
#include <map>
#include <string>
#include <vector>

#include "base/net/ipv4.h"
#include "linux/net/net_namespace.h"

namespace mizzen::network {

/// Which interface of which container: what CNI tells attachments apart by.
struct AttachmentKey {
  std::string container_id;
  std::string interface;  ///< in the pod: eth0
  friend auto operator<=>(const AttachmentKey&, const AttachmentKey&) = default;
};

/// A port of the node that leads to a port of a pod.
struct HostPort {
  std::string protocol;  ///< tcp or udp
  int host_port = 0;
  int container_port = 0;
  std::string host_ip;  ///< empty: every address of the node
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// An address of a pod and how it reaches others from there.
struct PodAddress {
  std::string address;  ///< 10.42.0.5
  int bits = 0;
  std::string gateway;
  friend bool operator==(const PodAddress&, const PodAddress&) = default;
};

/// One pod's part of the network.
struct PodAttachment {
  AttachmentKey key;
  std::string pod;                ///< namespace/name where the runtime says so; for messages
  std::string network_namespace;  ///< its path
  linux::NamespaceId space;       ///< what stood there when the pod came: a path may be used again
  std::string host_interface;     ///< the node's end
  std::string mac;
  std::vector<PodAddress> addresses;  ///< one of each family
  std::vector<HostPort> ports;
  /// On its way out: it keeps its address until nothing uses that any more, but no port leads to it.
  bool leaving = false;
  friend bool operator==(const PodAttachment&, const PodAttachment&) = default;
};

/// Addresses of one family.
struct AddressRange {
  Ipv4Range pods;     ///< of this node
  Ipv4Range cluster;  ///< of all nodes
  /// The node's own address on its bridge: the first of the range.
  uint32_t gateway() const { return pods.base + 1; }
};

/// What holds for all pods of the node.
struct NodeSettings {
  std::string bridge;
  std::string table;
  int mtu = 1500;
  std::vector<AddressRange> ranges;
};

/// Role: what the pod network of a node has to be, as data; it says nothing of how (links, rules, flows of a
/// switch), so that another data plane can take the same plan. Truth: the plan is; the kernel follows it.
/// Invariant: no two attachments have the same address, and no two the same host port (plan/host_ports.h).
struct NodePlan {
  NodeSettings node;
  std::map<AttachmentKey, PodAttachment> pods;
};

}  // namespace mizzen::network
