#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "base/clock.h"
#include "cri/runtime.h"
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
  uint64_t disk_available_bytes = 0;
  uint64_t memory_available_bytes = 0;
  uint64_t processes = 0;
  uint64_t processes_max = 0;
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

/// Pure. Too little of the disk is left for the node's good.
bool is_disk_short(uint64_t bytes, uint64_t available_bytes);

inline constexpr uint64_t kEvictionMemoryBytes = 100ull << 20;
inline constexpr uint64_t kEvictionDiskPercent = 10;

}  // namespace mizzen::kubelet
