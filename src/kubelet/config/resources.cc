#include "kubelet/config/resources.h"

#include <algorithm>

namespace mizzen::kubelet {
namespace {

constexpr int64_t kSharesMin = 2;
constexpr int64_t kSharesMax = 262'144;
constexpr int64_t kSharesPerCpu = 1024;
constexpr int64_t kQuotaMin = 1000;
constexpr int64_t kCriticalPriority = 2'000'000'000;

int64_t shares_of(int64_t milli) {
  return milli <= 0 ? kSharesMin : std::clamp(milli * kSharesPerCpu / 1000, kSharesMin, kSharesMax);
}

int64_t quota_of(int64_t milli) { return milli <= 0 ? 0 : std::max(milli * kCpuPeriodUs / 1000, kQuotaMin); }

int64_t milli(const codec::Map<codec::Quantity>& list, const char* name) {
  const auto* q = list.find(name);
  return q ? q->milli_value() : 0;
}
int64_t whole(const codec::Map<codec::Quantity>& list, const char* name) {
  const auto* q = list.find(name);
  return q ? q->value() : 0;
}

int64_t cpu_request(const Container& c) {
  return c.resources.requests.contains("cpu") ? milli(c.resources.requests, "cpu")
                                              : milli(c.resources.limits, "cpu");
}

int64_t oom_score(const Pod& pod, const Container& c, int64_t node_memory_bytes) {
  const auto qos = qos_class(pod);
  if (pod.spec.priority.value_or(0) >= kCriticalPriority || qos == "Guaranteed") return -997;
  if (qos == "BestEffort" || node_memory_bytes <= 0) return 1000;
  const int64_t request = whole(c.resources.requests, "memory");
  return std::clamp<int64_t>(1000 - 1000 * request / node_memory_bytes, 3, 999);
}

}  // namespace

KernelResources kernel_resources(const Pod& pod, const Container& c, int64_t node_memory_bytes) {
  return {.cpu_shares = shares_of(cpu_request(c)),
          .cpu_quota_us = quota_of(milli(c.resources.limits, "cpu")),
          .memory_limit_bytes = whole(c.resources.limits, "memory"),
          .oom_score_adj = oom_score(pod, c, node_memory_bytes)};
}

linux::CgroupLimits pod_limits(const Pod& pod) {
  int64_t cpu_requests = 0, cpu_limits = 0, memory = 0;
  bool all_cpu = true, all_memory = true;
  for (const auto& c : pod.spec.containers) {
    cpu_requests += cpu_request(c);
    cpu_limits += milli(c.resources.limits, "cpu");
    memory += whole(c.resources.limits, "memory");
    all_cpu = all_cpu && milli(c.resources.limits, "cpu") > 0;
    all_memory = all_memory && whole(c.resources.limits, "memory") > 0;
  }
  // Init containers run one after the other: the greatest counts.
  for (const auto& c : pod.spec.initContainers) {
    cpu_requests = std::max(cpu_requests, cpu_request(c));
    cpu_limits = std::max(cpu_limits, milli(c.resources.limits, "cpu"));
    memory = std::max(memory, whole(c.resources.limits, "memory"));
    all_cpu = all_cpu && milli(c.resources.limits, "cpu") > 0;
    all_memory = all_memory && whole(c.resources.limits, "memory") > 0;
  }
  linux::CgroupLimits out;
  out.cpu_period_us = kCpuPeriodUs;
  out.cpu_shares = static_cast<uint64_t>(shares_of(cpu_requests));
  if (all_cpu) out.cpu_quota_us = quota_of(cpu_limits);
  if (all_memory) out.memory_limit_bytes = memory;
  return out;
}

}  // namespace mizzen::kubelet
