#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "base/clock.h"
#include "cri/runtime.h"
#include "kubelet/state/node_abilities.h"
#include "linux/files/system_info.h"

namespace mizzen::kubelet {

using Node = api::core::v1::Node;

/// What the node object is made from.
struct NodeFacts {
  std::string name;
  std::string hostname;
  std::vector<std::string> addresses;
  linux::SystemInfo machine;
  uint64_t disk_bytes = 0;
  uint64_t memory_kept_bytes = 0;  ///< not given to pods: below that the node evicts
  uint64_t disk_kept_bytes = 0;
  Pressures pressures;
  int pods_max = 110;
  int port = 10250;
  std::string version;          ///< v1.36.2
  std::string runtime_version;  ///< containerd://1.6.20
  std::string runtime_problem;  ///< empty: ready
  std::string network_problem;
  std::vector<cri::v1::RuntimeHandler> runtime_handlers;
  std::optional<bool> groups_policy;  ///< none: the runtime was not asked yet
  std::vector<cri::v1::Image> images;
  codec::Map<std::string> labels;  ///< further ones from flags
};

/// Pure. Labels, annotations and spec of a node that registers itself; what others added stays.
void fill_node_metadata(Node& node, const NodeFacts& facts);
/// Pure. The status this node reports; conditions keep their transition time where they did not change.
void fill_node_status(Node& node, const NodeFacts& facts, WallTime now);
/// True where something other than heartbeat times differs.
bool node_status_changed(const Node& before, const Node& after);

}  // namespace mizzen::kubelet
