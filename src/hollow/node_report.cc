#include "hollow/node_report.h"

#include <algorithm>

namespace mizzen::hollow {
namespace {

codec::Quantity quantity(const std::string& text) {
  auto out = codec::Quantity::parse(text);
  return out.ok() ? std::move(*out) : codec::Quantity();
}

void set_condition(api::core::v1::NodeStatus& status, const char* type, bool value, const char* reason,
                   const char* message, WallTime now) {
  auto at = std::find_if(status.conditions.begin(), status.conditions.end(),
                         [&](const auto& c) { return c.type == type; });
  if (at == status.conditions.end()) {
    at = status.conditions.emplace(at);
    at->type = type;
  }
  const std::string wanted = value ? "True" : "False";
  if (at->status != wanted) at->lastTransitionTime = codec::Time::from(now);
  at->status = wanted;
  at->reason = reason;
  at->message = message;
  at->lastHeartbeatTime = codec::Time::from(now);
}

}  // namespace

Node registered(Node node, const NodeShape& shape) {
  node.metadata.name = shape.name;
  node.metadata.labels.set("kubernetes.io/hostname", shape.name);
  node.metadata.labels.set("kubernetes.io/os", "linux");
  node.metadata.labels.set("kubernetes.io/arch", "amd64");
  return node;
}

Node reported(Node node, const NodeShape& shape, WallTime now) {
  auto& s = node.status;
  s.addresses = {};
  auto& address = s.addresses.emplace_back();
  address.type = "InternalIP";
  address.address = shape.address;
  for (auto* resources : {&s.capacity, &s.allocatable}) {
    resources->set("cpu", quantity(shape.cpu));
    resources->set("memory", quantity(shape.memory));
    resources->set("pods", quantity(std::to_string(shape.pods_max)));
  }
  s.nodeInfo.kubeletVersion = "v1.36.2";
  s.nodeInfo.operatingSystem = "linux";
  s.nodeInfo.architecture = "amd64";
  set_condition(s, "MemoryPressure", false, "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available", now);
  set_condition(s, "DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now);
  set_condition(s, "PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available",
                now);
  set_condition(s, "Ready", true, "KubeletReady", "kubelet is posting ready status", now);
  return node;
}

Lease renewed(Lease lease, const std::string& node, const std::string& uid, WallTime now) {
  lease.metadata.name = node;
  lease.metadata.namespace_ = kLeaseNamespace;
  lease.spec.holderIdentity = node;
  lease.spec.leaseDurationSeconds = kLeaseSeconds;
  lease.spec.renewTime = codec::Time::micros_from(now);
  if (lease.metadata.ownerReferences.empty() && !uid.empty()) {
    auto& owner = lease.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = node;
    owner.uid = uid;
  }
  return lease;
}

}  // namespace mizzen::hollow
