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

TEST(Resources, SidecarsCountBesideTheContainersTheyServe) {
  const char* each =
      R"("resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}})";
  const std::string init = std::string(R"({"name":"s1","image":"i","restartPolicy":"Always",)") + each +
                           R"(},{"name":"s2","image":"i","restartPolicy":"Always",)" + each + "}";
  auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{"initContainers":[)" + init +
                    R"(],"containers":[{"name":"a","image":"i",)" + each + R"(},{"name":"b","image":"i",)" +
                    each + "}]}}");
  EXPECT_EQ(requests_of(pod).cpu_milli, 400);
  EXPECT_EQ(limits_of(pod).memory_bytes, 4 * (128 << 20)) << "all four run at once";
  EXPECT_EQ(*pod_limits(pod).memory_limit_bytes, 4 * (128 << 20));
  EXPECT_EQ(*pod_limits(pod).cpu_quota_us, 80'000);
  // A big init container between two sidecars runs beside the first alone.
  Container big = pod.spec.containers[0];
  big.name = "big";
  big.resources.limits.set("memory", *codec::Quantity::parse("1Gi"));
  pod.spec.initContainers.insert(pod.spec.initContainers.begin() + 1, big);
  EXPECT_EQ(limits_of(pod).memory_bytes, (1 << 30) + (128 << 20));
  EXPECT_EQ(requests_of(pod).cpu_milli, 400);
  // One without a limit leaves the pod without one.
  pod.spec.initContainers[0].resources.limits = {};
  EXPECT_FALSE(pod_limits(pod).memory_limit_bytes);
}

TEST(Resources, OverheadIsOnTopAndLimitsOnlyWhatIsLimited) {
  auto pod =
      pod_of(R"({"metadata":{"name":"p"},"spec":{"overhead":{"cpu":"50m","memory":"16Mi"},"containers":[
    {"name":"a","image":"i","resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"memory":"64Mi"}}}]}})");
  EXPECT_EQ(requests_of(pod).cpu_milli, 150);
  EXPECT_EQ(limits_of(pod).cpu_milli, 0);
  EXPECT_EQ(limits_of(pod).memory_bytes, 80 << 20);
}

TEST(Resources, AVolumeInMemoryTakesNoMoreThanThePodAndTheNodeHave) {
  auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{"containers":[
    {"name":"a","image":"i","resources":{"limits":{"memory":"64Mi"}}},
    {"name":"b","image":"i","resources":{"limits":{"memory":"32Mi"}}}]}})");
  codec::Map<codec::Quantity> allocatable;
  EXPECT_EQ(volume_memory_max(pod, allocatable, 0), 96u << 20);
  EXPECT_EQ(volume_memory_max(pod, allocatable, 64 << 20), 64u << 20) << "not reported: what the machine has";
  allocatable.set("memory", *codec::Quantity::parse("48Mi"));
  EXPECT_EQ(volume_memory_max(pod, allocatable, 64 << 20), 48u << 20);
  allocatable.set("memory", *codec::Quantity::parse("1Gi"));
  EXPECT_EQ(volume_memory_max(pod, allocatable, 2ll << 30), 96u << 20) << "all containers together";
  pod.spec.containers[1].resources.limits = {};
  EXPECT_EQ(volume_memory_max(pod, allocatable, 2ll << 30), 1u << 30) << "one without a limit";
  pod.spec.resources.ensure().limits.set("memory", *codec::Quantity::parse("512Mi"));
  EXPECT_EQ(volume_memory_max(pod, allocatable, 2ll << 30), 512u << 20);
  EXPECT_EQ(volume_memory_max(pod_of(R"({"metadata":{"name":"p"}})"), {}, 0), 0u);
}

TEST(Resources, WhatThePodAsksForAsAWholeGoesBeforeTheSum) {
  auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{"resources":{"requests":{"cpu":"1","memory":"1Gi"},
    "limits":{"cpu":"1","memory":"1Gi"}},"containers":[{"name":"a","image":"i"},
    {"name":"b","image":"i","resources":{"requests":{"cpu":"100m","memory":"256Mi"},"limits":{"memory":"512Mi"}}}]}})");
  EXPECT_EQ(qos_class(pod), "Guaranteed");
  EXPECT_EQ(*pod_limits(pod).memory_limit_bytes, 1 << 30);
  EXPECT_EQ(*pod_limits(pod).cpu_quota_us, 100'000);
  const auto a = kernel_resources(pod, pod.spec.containers[0], 8ll << 30);
  EXPECT_EQ(a.memory_limit_bytes, 1 << 30) << "its own limit is the pod's";
  EXPECT_EQ(a.cpu_quota_us, 100'000);
  EXPECT_EQ(kernel_resources(pod, pod.spec.containers[1], 8ll << 30).memory_limit_bytes, 512 << 20);
  pod.spec.resources->limits = {};
  EXPECT_EQ(qos_class(pod), "Burstable");
  EXPECT_EQ(kernel_resources(pod, pod.spec.containers[0], 8ll << 30).oom_score_adj, 954)
      << "it has half of what no container asked for: 384Mi of 8Gi";
}

TEST(Resources, ASidecarIsNotKilledBeforeThoseItServes) {
  const auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{
    "initContainers":[{"name":"s","image":"i","restartPolicy":"Always","resources":{"requests":{"memory":"64Mi"}}}],
    "containers":[{"name":"a","image":"i","resources":{"requests":{"memory":"4Gi"}}},
                  {"name":"b","image":"i","resources":{"requests":{"memory":"2Gi"}}}]}})");
  EXPECT_EQ(kernel_resources(pod, pod.spec.initContainers[0], 8ll << 30).oom_score_adj, 750);
}

}  // namespace
}  // namespace mizzen::kubelet
