#include <algorithm>

#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

int64_t score_images(const PodInfo& pod, const NodeState& node, const ClusterState& state) {
  constexpr int64_t kMin = 23LL << 20;
  const int64_t max = (1000LL << 20) * static_cast<int64_t>(pod.images.size());
  const auto nodes = static_cast<double>(std::max<size_t>(1, state.nodes().size()));
  int64_t sum = 0;
  for (const std::string& image : pod.images) {
    const auto it = node.image_bytes.find(image);
    if (it == node.image_bytes.end()) continue;
    // An image that few nodes have counts less, so that pods do not pile up there.
    sum += static_cast<int64_t>(static_cast<double>(it->second) *
                                (static_cast<double>(state.nodes_with_image(image)) / nodes));
  }
  if (max <= kMin) return 0;
  return 100 * (std::clamp(sum, kMin, max) - kMin) / (max - kMin);
}

}  // namespace mizzen::scheduler
