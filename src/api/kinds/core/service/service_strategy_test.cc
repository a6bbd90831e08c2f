#include "api/kinds/core/service/service_strategy.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/service.h"

namespace mizzen::api {
namespace {

using core::v1::Service;
using core::v1::ServicePort;

/// A NodePort service with these ports: name, port, node port.
Service node_port(const std::vector<std::tuple<std::string, int32_t, int32_t>>& ports) {
  Service out;
  out.spec.type = "NodePort";
  for (const auto& [name, port, node] : ports) {
    ServicePort p;
    p.name = name;
    p.port = port;
    p.protocol = "TCP";
    p.nodePort = node;
    out.spec.ports.push_back(p);
  }
  return out;
}

std::vector<int32_t> after_update(Service next, const Service& old) {
  service_strategy().prepare_update(&next, &old);
  std::vector<int32_t> out;
  for (const auto& p : next.spec.ports) out.push_back(p.nodePort);
  return out;
}

TEST(ServiceStrategy, NodePortsStayWithTheNamesOfTheirPorts) {
  const Service old = node_port({{"web", 80, 30080}, {"tls", 443, 30443}});
  EXPECT_EQ(after_update(node_port({{"tls", 443, 0}, {"web", 8080, 0}}), old),
            (std::vector<int32_t>{30443, 30080}));
  EXPECT_EQ(after_update(node_port({{"other", 80, 0}}), old), (std::vector<int32_t>{0}))
      << "another name is another port";
  EXPECT_EQ(after_update(node_port({{"web", 80, 31000}}), old), (std::vector<int32_t>{31000}))
      << "what is asked for stands";
}

TEST(ServiceStrategy, ANodePortThatAnotherPortAskedForIsNotFilledIn) {
  const Service old = node_port({{"web", 80, 30080}});
  EXPECT_EQ(after_update(node_port({{"web", 80, 0}, {"tls", 443, 30080}}), old),
            (std::vector<int32_t>{0, 30080}));
}

TEST(ServiceStrategy, AddressesGoWhereTheTypeHasNone) {
  Service old = node_port({{"web", 80, 30080}});
  old.spec.clusterIP = "10.96.0.9";
  old.spec.clusterIPs = {"10.96.0.9"};
  Service next = old;
  next.spec.type = "ExternalName";
  next.spec.externalName = "example.com";
  service_strategy().prepare_update(&next, &old);
  EXPECT_EQ(next.spec.clusterIP, "");
  EXPECT_TRUE(next.spec.clusterIPs.empty());
}

TEST(ServiceStrategy, AnAddressOfALoadBalancerIsAVirtualOneByDefault) {
  Service s;
  s.spec.type = "LoadBalancer";
  s.status.loadBalancer.ingress.emplace_back().ip = "203.0.113.1";
  s.status.loadBalancer.ingress.emplace_back().hostname = "lb.example.com";
  service_strategy().set_defaults(&s, "v1");
  EXPECT_EQ(s.status.loadBalancer.ingress[0].ipMode, "VIP");
  EXPECT_FALSE(s.status.loadBalancer.ingress[1].ipMode);
  Service other = s;
  other.spec.type = "ClusterIP";
  other.status.loadBalancer.ingress[0].ipMode.reset();
  service_strategy().set_defaults(&other, "v1");
  EXPECT_FALSE(other.status.loadBalancer.ingress[0].ipMode);
}

}  // namespace
}  // namespace mizzen::api
