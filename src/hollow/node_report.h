#pragma once
#include <string>

#include "api/schema/core/v1/node.h"
#include "base/clock.h"

namespace mizzen::hollow {

using NodeObject = api::core::v1::Node;  ///< what the API has of a node

/// What such a node says it has.
struct NodeShape {
  std::string name;
  std::string address;
  std::string cpu = "8";
  std::string memory = "32Gi";
  int pods_max = 110;
};

/// A node that registers itself; what others wrote into `node` stays. Pure.
NodeObject registered(NodeObject node, const NodeShape& shape);
/// The same with a status that says it is ready; conditions keep their transition times. Pure.
NodeObject reported(NodeObject node, const NodeShape& shape, WallTime now);

}  // namespace mizzen::hollow
