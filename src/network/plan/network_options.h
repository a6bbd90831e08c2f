#pragma once
#include <string>

#include "base/result.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// How the pod network of one node is laid out.
struct NetworkOptions {
  std::string bridge = "mizzen0";
  std::string table = "mizzen";                ///< of nftables, family ip
  std::string pod_range = "10.42.0.0/24";      ///< of this node
  std::string cluster_range = "10.42.0.0/16";  ///< of all nodes: reached without NAT
  int mtu = 1500;
  std::string data_folder;  ///< the socket and the journal stand in it

  std::string socket() const { return data_folder + "/cni.sock"; }
  std::string journal() const { return data_folder + "/attachments"; }
};

/// Pure: what a plan says of the node itself. BadRequest where the options make no sense: ranges, names that
/// are too long or would mean something else in a command.
Result<NodeSettings> node_settings(const NetworkOptions& options);

}  // namespace mizzen::network
