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

}  // namespace
}  // namespace mizzen::kubelet
