#include "api/v1beta1/shapes.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/schema/core/v1/service.h"
#include "api/v1beta1/testing/round_trip.h"
#include "codec/json/json_codec.h"

namespace mizzen::api::v1beta1 {
namespace {

using codec::Value;

// S2.33
TEST(V1Beta1, ControllersServicesMinionsBindingsEventsAndEndpointsComeBack) {
  const Value controller =
      round_trip(R"({"kind": "ReplicationController", "apiVersion": "v1beta1", "id": "rc",
    "labels": {"x": "y"}, "currentState": {"replicas": 1},
    "desiredState": {"replicas": 2, "replicaSelector": {"a": "b"}, "podTemplate": {
      "labels": {"a": "b"}, "annotations": {"n": "o"}, "nodeSelector": {"s": "t"}, "serviceAccount": "me",
      "desiredState": {"host": "h", "manifest": {"version": "v1beta1", "id": "rc", "containers": [
        {"name": "c", "image": "i", "cpu": 100}]}}}}})");
  const auto rc = codec::from_json<core::v1::ReplicationController>(controller.str());
  ASSERT_TRUE(rc.ok());
  EXPECT_EQ(rc->spec.replicas, 2);
  EXPECT_EQ(rc->spec.template_->spec.containers[0].resources.requests.find("cpu")->text(), "100m");

  const Value first = round_trip(R"({"kind": "Service", "apiVersion": "v1beta1", "id": "s", "port": 80,
    "portName": "web", "protocol": "TCP", "containerPort": 8080, "selector": {"a": "b"},
    "createExternalLoadBalancer": true, "publicIPs": ["1.2.3.4"], "portalIP": "10.0.0.9",
    "sessionAffinity": "ClientIP"})");
  const auto service = codec::from_json<core::v1::Service>(first.str());
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->spec.type, "LoadBalancer");
  EXPECT_EQ(service->spec.clusterIP, "10.0.0.9");
  ASSERT_EQ(service->spec.ports.size(), 1u);
  EXPECT_EQ(service->spec.ports[0].name, "web");
  round_trip(R"({"kind": "Service", "apiVersion": "v1beta1", "id": "s", "type": "NodePort", "ports": [
    {"name": "a", "protocol": "TCP", "port": 1, "containerPort": "x", "nodePort": 30000},
    {"name": "b", "protocol": "UDP", "port": 2, "containerPort": 3}],
    "loadBalancerStatus": {"ingress": [{"ip": "1.1.1.1"}]}})");

  const Value minion =
      round_trip(R"({"kind": "Minion", "apiVersion": "v1beta1", "id": "m", "hostIP": "1.2.3.4",
    "resources": {"capacity": {"cpu": "1.5", "memory": 4294967296}}, "podCIDR": "10.1.0.0/24",
    "unschedulable": true, "externalID": "e", "labels": {"a": "b"},
    "status": {"phase": "Running", "conditions": [{"kind": "Ready", "status": "Full", "reason": "r",
      "lastProbeTime": "2015-01-05T14:02:22Z", "lastTransitionTime": "2015-01-05T14:02:22Z"}],
      "nodeInfo": {"machineID": "x", "osImage": "o"}}})");
  const auto node = codec::from_json<core::v1::Node>(minion.str());
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->status.conditions[0].status, "True");
  EXPECT_EQ(node->status.addresses[0].address, "1.2.3.4");
  EXPECT_EQ(minion.find("kind")->text(), "Node");

  const Value binding =
      round_trip(R"({"kind": "Binding", "apiVersion": "v1beta1", "podID": "p", "host": "h"})");
  EXPECT_EQ(binding, value(R"({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"},
    "target": {"kind": "Node", "name": "h"}})"));

  const Value event = round_trip(R"({"kind": "Event", "apiVersion": "v1beta1", "id": "e", "reason": "r",
    "message": "m", "source": "kubelet", "host": "h", "timestamp": "2015-01-05T14:02:22Z",
    "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "u", "apiVersion": "v1beta1",
      "resourceVersion": "3", "fieldPath": "spec"}})");
  EXPECT_EQ(event.find("count")->text(), "1");
  EXPECT_EQ(event.find("source")->str(), R"({"component":"kubelet","host":"h"})");

  const Value endpoints = round_trip(R"({"kind": "Endpoints", "apiVersion": "v1beta1", "id": "e",
    "protocol": "UDP", "endpoints": ["10.0.0.1:80", "10.0.0.2:80", "[fd00::1]:81"],
    "targetRefs": [{"endpoint": "10.0.0.2:80", "targetRef": {"kind": "Pod", "name": "p"}}]})");
  const auto parsed = codec::from_json<core::v1::Endpoints>(endpoints.str());
  ASSERT_TRUE(parsed.ok());
  ASSERT_EQ(parsed->subsets.size(), 2u);
  EXPECT_EQ(parsed->subsets[0].addresses[1].targetRef->name, "p");
  EXPECT_EQ(parsed->subsets[1].addresses[0].ip, "fd00::1");
  EXPECT_EQ(parsed->subsets[1].ports[0].protocol, "UDP");
  round_trip(R"({"kind": "Endpoints", "apiVersion": "v1beta1", "id": "e", "subsets": [
    {"addresses": [{"IP": "1.1.1.1"}], "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]}]})");
}

}  // namespace
}  // namespace mizzen::api::v1beta1
