#include "kubelet/config/resources.h"

#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using testing::pod_of;

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
