#include "kubelet/config/resources.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::kubelet {
namespace {

Pod pod_of(const std::string& json) {
  auto out = codec::from_json<Pod>(json);
  EXPECT_TRUE(out.ok()) << out.error().message();
  out->metadata.uid = "u1";
  out->metadata.namespace_ = "default";
  if (out->spec.restartPolicy.empty()) out->spec.restartPolicy = "Always";
  return std::move(*out);
}

TEST(Resources, BecomeKernelNumbersAsUpstream) {
  auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i",
    "resources":{"requests":{"cpu":"250m","memory":"64Mi"},"limits":{"cpu":"500m","memory":"128Mi"}}}]}})");
  const auto r = kernel_resources(pod, pod.spec.containers[0], 8ll << 30);
  EXPECT_EQ(r.cpu_shares, 256);
  EXPECT_EQ(r.cpu_quota_us, 50'000);
  EXPECT_EQ(r.memory_limit_bytes, 128ll << 20);
  EXPECT_EQ(r.oom_score_adj, 993);
  EXPECT_EQ(qos_class(pod), "Burstable");
  EXPECT_EQ(pod_cgroup(pod, "/kubepods"), "/kubepods/burstable/podu1");
  pod.spec.containers[0].resources.requests = pod.spec.containers[0].resources.limits;
  EXPECT_EQ(qos_class(pod), "Guaranteed");
  EXPECT_EQ(pod_cgroup(pod, "/kubepods"), "/kubepods/podu1");
  EXPECT_EQ(kernel_resources(pod, pod.spec.containers[0], 8ll << 30).oom_score_adj, -997);
  EXPECT_EQ(*pod_limits(pod).memory_limit_bytes, 128 << 20);
}

}  // namespace
}  // namespace mizzen::kubelet
