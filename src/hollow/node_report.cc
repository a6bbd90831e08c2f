#include "hollow/node_report.h"

#include "hollow/conditions.h"

namespace mizzen::hollow {
namespace {

codec::Quantity quantity(const std::string& text) {
  auto out = codec::Quantity::parse(text);
  return out.ok() ? std::move(*out) : codec::Quantity();
}

void say(api::core::v1::NodeStatus& status, const char* type, bool value, const char* reason,
         const char* message, WallTime now) {
  auto& c = set_condition(status.conditions, type, value, reason, now);
  c.message = message;
  c.lastHeartbeatTime = codec::Time::from(now);
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
  say(s, "MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available",
      now);
  say(s, "DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now);
  say(s, "PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available", now);
  say(s, "Ready", true, "KubeletReady", "kubelet is posting ready status", now);
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
