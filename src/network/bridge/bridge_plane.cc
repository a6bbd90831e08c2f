#include "network/bridge/bridge_plane.h"

#include <fmt/format.h>

#include "linux/net/net_links.h"
#include "linux/net/nftables.h"
#include "network/bridge/kernel/kernel_state.h"
#include "network/bridge/kernel/pod_link.h"

namespace mizzen::network {

using linux::NetLinks;

Result<void> BridgePlane::wire(const NodeSettings& node, const PodAttachment& pod) {
  MZ_ASSIGN(auto net, NetLinks::open());
  return make_pod_link(net, node, pod);
}

Result<void> BridgePlane::unwire(const PodAttachment& pod) {
  MZ_ASSIGN(auto net, NetLinks::open());
  return net.delete_link(pod.host_interface);
}

Result<void> BridgePlane::ensure_node(const NodeSettings& node) { return make_bridge(node); }

Result<void> BridgePlane::publish(const NodePlan& plan) {
  auto desired = desired_table(plan);
  Lock lock(m_);
  if (written_) {
    const auto commands = nft_changes(plan.node.table, desired, written_);
    if (commands.empty()) return {};
    if (linux::nft(commands).ok()) {
      written_ = std::move(desired);
      return {};
    }
    written_.reset();  // somebody changed it
  }
  MZ_ASSIGN(const auto actual, read_table(plan.node));
  const auto commands = nft_changes(plan.node.table, desired, actual);
  if (!commands.empty()) MZ_TRY(linux::nft(commands));
  written_ = std::move(desired);
  return {};
}

Result<bool> BridgePlane::differs(const NodePlan& plan) {
  MZ_ASSIGN(const auto actual, read_state(plan.node));
  return !diff(plan, actual).empty();
}

Result<std::string> BridgePlane::reconcile(const NodePlan& plan) {
  Lock lock(m_);
  written_.reset();
  MZ_ASSIGN(const auto actual, read_state(plan.node));
  const auto changes = diff(plan, actual);
  if (!changes.empty()) MZ_TRY(apply(plan, changes));
  written_ = desired_table(plan);
  return changes.text();
}

Result<void> BridgePlane::verify(const NodePlan& plan, const PodAttachment& pod) {
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_TRY(check_pod_link(net, plan.node, pod));
  if (pod.ports.empty()) return {};
  MZ_ASSIGN(auto table, read_table(plan.node));
  if (!table) return Error(Code::NotFound, fmt::format("the table {} is gone", plan.node.table));
  const NodePlan only{plan.node, {{pod.key, pod}}};
  for (const auto& [name, map] : desired_table(only).maps) {
    const auto& there = table->maps[name].elements;
    for (const auto& [key, to] : map.elements) {
      const auto found = there.find(key);
      if (found == there.end() || found->second != to)
        return Error(Code::NotFound, fmt::format("no host port {} leads to {}", key, to));
    }
  }
  return {};
}

Result<void> BridgePlane::remove(const NodePlan& plan) {
  Lock lock(m_);
  written_.reset();
  return remove_state(plan);
}

}  // namespace mizzen::network
