#include "api/v1beta1/shapes.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/v1beta1/testing/round_trip.h"
#include "codec/json/json_codec.h"

namespace mizzen::api::v1beta1 {
namespace {

using codec::Value;

// S2.31, S2.32: as it was found, with two names, shares of a CPU and ports of the host.
constexpr std::string_view kPodTest = R"({
  "id": "podtest", "kind": "Pod", "apiVersion": "v1beta1",
  "desiredState": {"manifest": {"version": "v1beta1", "id": "redis-master", "containers": [
    {"name": "master1", "image": "10.10.103.215:5000/redis", "cpu": 100,
     "ports": [{"containerPort": 6379, "hostPort": 6388}]},
    {"name": "master2", "image": "10.10.103.215:5000/sshd", "cpu": 100,
     "ports": [{"containerPort": 22, "hostPort": 8888}]}]}},
  "labels": {"name": "redis-master"}})";

TEST(V1Beta1, PodOfTheFoundingTextsBecomesAPodOfV1) {
  const Value pod = round_trip(kPodTest);
  EXPECT_EQ(pod, value(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "podtest", "labels": {"name": "redis-master"},
      "annotations": {"v1beta1.kubernetes.io/manifest-id": "redis-master"}},
    "spec": {"containers": [
      {"name": "master1", "image": "10.10.103.215:5000/redis", "resources": {"requests": {"cpu": "100m"}},
       "ports": [{"containerPort": 6379, "hostPort": 6388}]},
      {"name": "master2", "image": "10.10.103.215:5000/sshd", "resources": {"requests": {"cpu": "100m"}},
       "ports": [{"containerPort": 22, "hostPort": 8888}]}]}})"));
  const auto typed = codec::from_json<core::v1::Pod>(pod.str());
  ASSERT_TRUE(typed.ok());
  EXPECT_EQ(typed->spec.containers[1].ports[0].hostPort, 8888);
}

// S2.34
TEST(V1Beta1, BoundPodsKeepTheirFields) {
  const Value pods = round_trip(R"({"kind": "BoundPods", "apiVersion": "v1beta1", "items": [
    {"kind": "BoundPod", "apiVersion": "v1beta1", "id": "podtest", "namespace": "default", "uid": "u-1",
     "selfLink": "/api/v1beta1/boundPods/podtest", "creationTimestamp": "2015-01-05T14:02:22Z",
     "spec": {"containers": [{"name": "c", "image": "i"}], "volumes": [{"name": "v"}],
       "restartPolicy": {"never": {}}, "nodeSelector": {"a": "b"}, "host": "127.0.0.1"}}]})",
                                true);
  EXPECT_EQ(pods.find("kind")->text(), "PodList");
  const auto pod = codec::from_json<core::v1::Pod>(pods.find("items")->items()[0].str());
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->spec.nodeName, "127.0.0.1");
  EXPECT_EQ(pod->spec.restartPolicy, "Never");
  EXPECT_EQ(pod->metadata.selfLink, "/api/v1beta1/boundPods/podtest");
  EXPECT_EQ(*pod->spec.nodeSelector.find("a"), "b");
}

}  // namespace
}  // namespace mizzen::api::v1beta1
