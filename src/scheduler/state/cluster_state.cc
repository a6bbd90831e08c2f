#include "scheduler/state/cluster_state.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::scheduler {
namespace {

bool same_taints(const Node& a, const Node& b) {
  return a.spec.unschedulable == b.spec.unschedulable &&
         std::equal(a.spec.taints.begin(), a.spec.taints.end(), b.spec.taints.begin(), b.spec.taints.end(),
                    [](const auto& x, const auto& y) {
                      return x.key == y.key && x.value == y.value && x.effect == y.effect;
                    });
}

void count_pod(NodeState& node, const PodLoad& pod, int64_t sign) {
  node.requested.add(pod.requests, sign);
  node.nonzero_milli_cpu += sign * pod.nonzero_milli_cpu;
  node.nonzero_memory += sign * pod.nonzero_memory;
}

/// What NodeState has of a node: the rest, as of its images and conditions, is most of it.
std::shared_ptr<const Node> kept_of(const Node& node) {
  auto out = std::make_shared<Node>();
  out->metadata.name = node.metadata.name;
  out->metadata.labels = node.metadata.labels;
  out->spec = node.spec;
  out->status.allocatable = node.status.allocatable;
  return out;
}

void collect_ports(NodeState& node) {
  node.host_ports.clear();
  for (const auto& [uid, pod] : node.pods)
    node.host_ports.insert(node.host_ports.end(), pod->host_ports.begin(), pod->host_ports.end());
}

}  // namespace

uint32_t ClusterState::set_node(const Node& node) {
  NodeState& state = nodes_[node.metadata.name];
  const std::shared_ptr<const Node> old = state.node;
  Amounts allocatable = Amounts::of(node.status.allocatable);
  uint32_t changes = 0;
  if (!old) {
    changes = kNodeAdded;
    state.name = node.metadata.name;
  } else {
    if (!(allocatable == state.allocatable)) changes |= kNodeAllocatable;
    if (!(old->metadata.labels == node.metadata.labels)) changes |= kNodeLabels;
    if (!same_taints(*old, node)) changes |= kNodeTaints;
  }
  count_images(state, -1);
  state.image_bytes.clear();
  for (const auto& image : node.status.images)
    for (const std::string& name : image.names) state.image_bytes[name] = image.sizeBytes;
  count_images(state, 1);
  state.allocatable = std::move(allocatable);
  state.unschedulable = node.spec.unschedulable;
  state.tainted = !node.spec.taints.empty();
  state.node = kept_of(node);
  if (!old) ordered_.insert(place_of(state.name), &state);
  return changes;
}

void ClusterState::remove_node(const std::string& name) {
  const auto it = nodes_.find(name);
  if (it == nodes_.end() || !it->second.node) return;
  const auto place = place_of(name);
  MZ_CHECK(place != ordered_.end() && *place == &it->second, "node {} is not among the nodes", name);
  ordered_.erase(place);
  count_images(it->second, -1);
  it->second.image_bytes.clear();
  it->second.node.reset();
  if (it->second.pods.empty()) nodes_.erase(it);
}

uint32_t ClusterState::set_pod(const PodLoadPtr& pod, const std::string& node) {
  const auto it = places_.find(pod->uid);
  uint32_t changes = 0;
  if (it != places_.end()) {
    const PodLoad& old = *nodes_.at(it->second.node).pods.at(pod->uid);
    if (it->second.node != node || !(old.requests == pod->requests)) changes = kPodGone;
  }
  put(pod, node, false);
  return changes;
}

uint32_t ClusterState::remove_pod(const std::string& uid) {
  const auto place = places_.find(uid);
  if (place == places_.end()) return 0;
  const auto it = nodes_.find(place->second.node);
  MZ_CHECK(it != nodes_.end() && it->second.pods.contains(uid), "pod {} is not on its node {}", uid,
           place->second.node);
  NodeState& node = it->second;
  const PodLoadPtr pod = node.pods.at(uid);
  count_pod(node, *pod, -1);
  node.pods.erase(uid);
  MZ_CHECK(!node.pods.empty() || (node.nonzero_milli_cpu == 0 && node.nonzero_memory == 0),
           "node {} has no pods, yet {} milli CPU and {} bytes are taken", node.name, node.nonzero_milli_cpu,
           node.nonzero_memory);
  if (!pod->host_ports.empty()) collect_ports(node);
  if (!node.node && node.pods.empty()) nodes_.erase(it);
  places_.erase(place);
  return kPodGone;
}

void ClusterState::assume(const PodLoadPtr& pod, const std::string& node) { put(pod, node, true); }

uint32_t ClusterState::forget(const std::string& uid) { return is_assumed(uid) ? remove_pod(uid) : 0; }

bool ClusterState::is_assumed(const std::string& uid) const {
  const auto it = places_.find(uid);
  return it != places_.end() && it->second.assumed;
}

int64_t ClusterState::nodes_with_image(const std::string& image) const {
  const auto it = image_nodes_.find(image);
  return it == image_nodes_.end() ? 0 : it->second;
}

void ClusterState::put(const PodLoadPtr& pod, const std::string& node, bool assumed) {
  remove_pod(pod->uid);
  MZ_CHECK(!places_.contains(pod->uid), "pod {} counts twice", pod->uid);
  NodeState& state = nodes_[node];
  state.name = node;
  state.pods[pod->uid] = pod;
  count_pod(state, *pod, 1);
  state.host_ports.insert(state.host_ports.end(), pod->host_ports.begin(), pod->host_ports.end());
  places_[pod->uid] = {node, assumed};
}

void ClusterState::count_images(const NodeState& node, int64_t sign) {
  for (const auto& [name, bytes] : node.image_bytes) {
    const int64_t nodes = image_nodes_[name] += sign;
    MZ_CHECK(nodes >= 0, "image {} is on {} nodes", name, nodes);
    if (nodes == 0) image_nodes_.erase(name);
  }
}

std::vector<const NodeState*>::iterator ClusterState::place_of(const std::string& name) {
  return std::lower_bound(ordered_.begin(), ordered_.end(), name,
                          [](const NodeState* node, const std::string& than) { return node->name < than; });
}

}  // namespace mizzen::scheduler
