#include "kubelet/decide/node_room.h"

#include <fmt/format.h>

#include "placement/fit.h"
#include "placement/node_affinity.h"
#include "placement/pod_requests.h"
#include "placement/taints.h"

namespace mizzen::kubelet {
namespace {

using placement::Amounts;

Refusal predicate(const char* name, const char* why) {
  return {name, fmt::format("Predicate {} failed: {}", name, why)};
}

/// A resource that somebody other than Kubernetes gives: "example.com/gpu".
bool is_extended(const std::string& name) {
  const auto slash = name.find('/');
  return slash != std::string::npos && !name.substr(0, slash).ends_with("kubernetes.io") &&
         !name.starts_with("requests.");
}

/// Of extended resources only those that the node has: others are of the cluster, or of its devices.
Amounts asked_of_node(const Pod& pod, const Amounts& allocatable) {
  Amounts out = placement::requests_of(pod);
  std::erase_if(out.others,
                [&](const auto& o) { return is_extended(o.first) && !allocatable.others.contains(o.first); });
  return out;
}

std::optional<Refusal> shortage_of(const Pod& pod, const NodeRoom& room) {
  Amounts there = room.allocatable.value_or(Amounts());
  there.pods = static_cast<int64_t>(room.pods_max);
  const Amounts wanted = room.allocatable ? asked_of_node(pod, there) : Amounts();
  const auto all = placement::shortages(wanted, room.used, room.pods, there);
  if (all.empty()) return std::nullopt;
  const placement::Shortage& s = all.front();
  return Refusal{"OutOf" + s.resource,
                 fmt::format("Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}",
                             s.resource, s.requested, s.used, s.capacity)};
}

}  // namespace

void NodeRoom::take(const Pod& pod) {
  used.add(placement::requests_of(pod));
  ++pods;
  for (auto& port : placement::host_ports_of(pod)) ports.push_back(std::move(port));
}

NodeRoom node_room(std::shared_ptr<const api::core::v1::Node> node,
                   const codec::Map<codec::Quantity>& allocatable, size_t pods_max) {
  NodeRoom out;
  out.pods_max = pods_max;
  const Amounts ours = Amounts::of(allocatable);
  Amounts all = node ? Amounts::of(node->status.allocatable) : Amounts();
  if (!allocatable.empty()) {
    all.milli_cpu = ours.milli_cpu;
    all.memory = ours.memory;
    all.ephemeral_storage = ours.ephemeral_storage;
    for (const auto& [name, amount] : ours.others) all.others[name] = amount;
  }
  if (all != Amounts()) out.allocatable = std::move(all);
  out.node = std::move(node);
  return out;
}

std::optional<Refusal> misfit_of(const Pod& pod, const NodeRoom& room) {
  if (auto shortage = shortage_of(pod, room)) return shortage;
  if (room.node && !placement::wants_node(pod.spec, *room.node))
    return predicate(kNodeAffinityReason, "node(s) didn't match Pod's node affinity/selector");
  if (placement::conflict(placement::host_ports_of(pod), room.ports))
    return predicate(kNodePortsReason, "node(s) didn't have free ports for the requested pod ports");
  // Static pods are the node's own: they come before whatever drives others away.
  if (room.node && !is_static(pod) &&
      placement::untolerated(room.node->spec.taints, pod.spec.tolerations, {"NoExecute"}))
    return predicate("TaintToleration", "node(s) had untolerated taint(s)");
  return std::nullopt;
}

}  // namespace mizzen::kubelet
