#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "kubelet/decide/admission.h"
#include "placement/amounts.h"
#include "placement/host_ports.h"

namespace mizzen::kubelet {

/// What this node has to give to pods, and what its pods take of it. A plain value.
struct NodeRoom {
  /// As the API has it; null while it is not known: nothing is asked of labels and taints then.
  std::shared_ptr<const api::core::v1::Node> node;
  /// Nothing while neither the API nor the agent has said it: `pods` alone is looked at then.
  std::optional<placement::Amounts> allocatable;
  size_t pods_max = 0;
  placement::Amounts used;
  size_t pods = 0;
  std::vector<placement::HostPort> ports;

  /// A pod that runs here, or will.
  void take(const Pod& pod);
};

/// Pure: an empty room. What the agent says of itself counts, beside what others put on the Node.
NodeRoom node_room(std::shared_ptr<const api::core::v1::Node> node,
                   const codec::Map<codec::Quantity>& allocatable, size_t pods_max);

/// Pure: why the pod does not fit, as upstream's kubelet asks once more what the scheduler has asked:
/// bindings cross, and not all come from a scheduler. The first of upstream's reasons, in its words.
std::optional<Refusal> misfit_of(const Pod& pod, const NodeRoom& room);

/// The reason that another look at the Node may take away: it is told of its labels after its pods.
inline constexpr const char* kNodeAffinityReason = "NodeAffinity";
/// A host port that another pod has.
inline constexpr const char* kNodePortsReason = "NodePorts";

}  // namespace mizzen::kubelet
