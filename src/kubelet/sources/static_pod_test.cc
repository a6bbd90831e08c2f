#include "kubelet/sources/static_pod.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using ::testing::HasSubstr;

const ManifestOrigin kOrigin{"node1", "file", "/etc/pods/web.yaml",
                             WallTime(std::chrono::seconds(1'700'000'000))};

constexpr const char* kWeb = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: a
    image: nginx
    resources: {limits: {cpu: 100m}}
)";

TEST(StaticPod, IsMadeForThisNodeWithDefaultsAndAUidOfItsOwn) {
  const auto pod = static_pod_of(kWeb, kOrigin);
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->metadata.name, "web-node1");
  EXPECT_EQ(pod->metadata.namespace_, "default");
  EXPECT_EQ(pod->spec.nodeName, "node1");
  EXPECT_EQ(pod->spec.restartPolicy, "Always");
  EXPECT_EQ(pod->spec.containers[0].imagePullPolicy, "Always");
  EXPECT_NE(pod->spec.containers[0].resources.requests.find("cpu"), nullptr) << "requests from limits";
  EXPECT_EQ(pod->spec.tolerations.back().effect, "NoExecute");
  EXPECT_EQ(pod->spec.tolerations.back().operator_, "Exists");
  EXPECT_EQ(pod->metadata.uid.size(), 32u);
  EXPECT_EQ(*pod->metadata.annotations.find("kubernetes.io/config.hash"), pod->metadata.uid);
  EXPECT_EQ(*pod->metadata.annotations.find("kubernetes.io/config.source"), "file");
  EXPECT_EQ(*pod->metadata.annotations.find("kubernetes.io/config.seen"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(pod->status.phase, "Pending");
  EXPECT_TRUE(is_static(*pod));
  EXPECT_FALSE(is_mirror(*pod));
}

TEST(StaticPod, TheUidFollowsWhatItSaysAndWhereItStandsAndNothingElse) {
  const auto uid = [](const std::string& text, const ManifestOrigin& origin) {
    return static_pod_of(text, origin)->metadata.uid;
  };
  const std::string first = uid(kWeb, kOrigin);
  ManifestOrigin origin = kOrigin;
  origin.now += std::chrono::hours(1);
  EXPECT_EQ(uid(kWeb, origin), first) << "a restarted agent finds its pod again";
  origin.place = "/etc/pods/other.yaml";
  EXPECT_NE(uid(kWeb, origin), first);
  std::string changed = kWeb;
  changed.replace(changed.find("100m"), 4, "200m");
  EXPECT_NE(uid(changed, kOrigin), first);
  EXPECT_EQ(uid(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","uid":"mine"},
      "spec":{"containers":[{"name":"a","image":"nginx"}]}})",
                kOrigin),
            "mine");
}

TEST(StaticPod, WhatIsNoPodIsRefusedWithAReason) {
  const auto why = [](const std::string& text) {
    const auto pod = static_pod_of(text, kOrigin);
    return pod.ok() ? std::string("no error") : pod.error().message();
  };
  EXPECT_THAT(why("a: [b"), HasSubstr("yaml: line"));
  EXPECT_THAT(why("a: b"), HasSubstr("Object 'Kind' is missing"));
  EXPECT_THAT(why(R"({"apiVersion":"v1","kind":"Service"})"), HasSubstr("this one has Service of v1"));
  EXPECT_EQ(why(R"({"apiVersion":"v1","kind":"Pod","spec":{}})"), "invalid pod: name is needed for the pod");
  EXPECT_THAT(why(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}})"),
              HasSubstr("invalid pod: spec.containers: Required value"));
  EXPECT_THAT(
      why(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"A_"},"spec":{"containers":[{"name":"a","image":"x"}]}})"),
      HasSubstr("metadata.name: Invalid value"));
  for (const std::string uid : {"../../x", "a/b", "..", "a_b"})
    EXPECT_THAT(why(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","uid":")" + uid +
                    R"("},"spec":{"containers":[{"name":"a","image":"x"}]}})"),
                HasSubstr("metadata.uid: Invalid value"))
        << "folders are called by it";
}

TEST(StaticPod, MayNotNameObjectsOfTheApi) {
  const auto why = [](const std::string& spec) {
    const auto pod = static_pod_of(
        fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a"}},"spec":{{{}}}}})", spec),
        kOrigin);
    return pod.ok() ? std::string("no error") : pod.error().message();
  };
  const std::string plain = R"("containers":[{"name":"a","image":"x"}])";
  EXPECT_EQ(why(plain), "no error");
  EXPECT_EQ(why(R"("serviceAccountName":"x",)" + plain), "static pods may not reference serviceaccounts");
  EXPECT_EQ(why(R"("imagePullSecrets":[{"name":"x"}],)" + plain), "static pods may not reference secrets");
  EXPECT_EQ(why(R"("containers":[{"name":"a","image":"x","envFrom":[{"configMapRef":{"name":"m"}}]}])"),
            "static pods may not reference configmaps");
  EXPECT_EQ(
      why(R"("containers":[{"name":"a","image":"x","env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}])"),
      "static pods may not reference secrets");
  EXPECT_EQ(why(R"("volumes":[{"name":"v","configMap":{"name":"m"}}],)" + plain),
            "static pods may not reference configmaps (via configmap volumes)");
  EXPECT_THAT(
      why(R"("volumes":[{"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}],)" +
          plain),
      HasSubstr("serviceAccountToken: Forbidden"));
  EXPECT_EQ(why(R"("volumes":[{"name":"v","hostPath":{"path":"/"}},{"name":"w","emptyDir":{}}],)" + plain),
            "no error");
}

// S2.31: the founding texts' file, as it was found.
constexpr const char* kPodTest = R"({
  "id": "podtest", "kind": "Pod", "apiVersion": "v1beta1",
  "desiredState": {"manifest": {"version": "v1beta1", "id": "redis-master", "containers": [
    {"name": "master1", "image": "10.10.103.215:5000/redis", "cpu": 100,
     "ports": [{"containerPort": 6379, "hostPort": 6388}]}]}},
  "labels": {"name": "redis-master"}})";

TEST(StaticPod, ManifestsOfV1Beta1DeclarePodsToo) {
  const auto pod = static_pod_of(kPodTest, kOrigin);
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->metadata.name, "podtest-node1");
  EXPECT_EQ(*pod->metadata.labels.find("name"), "redis-master");
  EXPECT_EQ(pod->spec.containers[0].resources.requests.find("cpu")->text(), "100m");
  EXPECT_EQ(pod->spec.containers[0].ports[0].hostPort, 6388);
  EXPECT_EQ(pod->spec.restartPolicy, "Always");

  const auto host = static_pod_of(
      "version: v1beta1\nid: web\ncontainers: [{name: a, image: nginx}]\nvolumes: [{name: v, source: "
      "{emptyDir: {}}}]\n",
      kOrigin);
  ASSERT_TRUE(host.ok()) << host.error().message();
  EXPECT_EQ(host->metadata.name, "web-node1");

  const auto refused = static_pod_of(
      R"({"version":"v1beta1","id":"w","containers":[{"name":"a","image":"i","volumeMounts":[{"name":"v","mountType":"HOST"}]}]})",
      kOrigin);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("containers[0].volumeMounts[0].mountType: Forbidden"));
}

TEST(StaticPod, ListsDeclareEachOfTheirPods) {
  const auto names = [](const std::string& text) {
    std::vector<std::string> out;
    const auto pods = static_pods_of(text, kOrigin);
    EXPECT_TRUE(pods.ok()) << (pods.ok() ? "" : pods.error().message());
    if (pods.ok())
      for (const Pod& pod : *pods) out.push_back(pod.metadata.name);
    return out;
  };
  using ::testing::ElementsAre;
  const std::string containers = R"("containers":[{"name":"a","image":"i"}])";
  EXPECT_THAT(names(R"({"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"x"},"spec":{)" +
                    containers + R"(}},{"metadata":{"name":"y"},"spec":{)" + containers + "}}]}"),
              ElementsAre("x-node1", "y-node1"));
  EXPECT_THAT(names(R"([{"version":"v1beta1","id":"m",)" + containers +
                    R"(},{"version":"v1beta1","id":"n",)" + containers + "}]"),
              ElementsAre("m-node1", "n-node1"));
  EXPECT_THAT(names(R"({"kind":"BoundPods","apiVersion":"v1beta1","items":[{"id":"b","uid":"u1","spec":{)" +
                    containers + "}}]}"),
              ElementsAre("b-node1"));
  EXPECT_THAT(
      names(R"({"apiVersion":"v1","kind":"List","items":[{"kind":"Pod","apiVersion":"v1beta1","id":"o",
    "desiredState":{"manifest":{)" +
            containers + "}}}]}"),
      ElementsAre("o-node1"));
  EXPECT_THAT(names(R"({"apiVersion":"v1","kind":"PodList"})"), ElementsAre());
  const auto wrong = static_pods_of(
      R"({"apiVersion":"v1","kind":"List","items":[{"kind":"Service","apiVersion":"v1"}]})", kOrigin);
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message(), HasSubstr("this one has Service of v1"));
}

}  // namespace
}  // namespace mizzen::kubelet
