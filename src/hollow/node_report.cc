#include "hollow/node_report.h"

#include "client/node/node_health.h"

namespace mizzen::hollow {
namespace {

codec::Quantity quantity(const std::string& text) {
  auto out = codec::Quantity::parse(text);
  return out.ok() ? std::move(*out) : codec::Quantity();
}

}  // namespace

NodeObject registered(NodeObject node, const NodeShape& shape) {
  node.metadata.name = shape.name;
  node.metadata.labels.set("kubernetes.io/hostname", shape.name);
  node.metadata.labels.set("kubernetes.io/os", "linux");
  node.metadata.labels.set("kubernetes.io/arch", "amd64");
  return node;
}

NodeObject reported(NodeObject node, const NodeShape& shape, WallTime now) {
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
  client::set_health(s, {}, now);
  return node;
}

}  // namespace mizzen::hollow
