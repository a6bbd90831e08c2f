#include "kubelet/config/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

namespace mizzen::kubelet {
namespace {

constexpr int64_t kSharesMin = 2;
constexpr int64_t kSharesMax = 262'144;
constexpr int64_t kSharesPerCpu = 1024;
constexpr int64_t kQuotaMin = 1000;
constexpr int64_t kCriticalPriority = 2'000'000'000;

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

/// Where a container has no limit of its own, the pod's is all it may have.
int64_t cpu_limit(const Pod& pod, const Container& c) {
  const int64_t own = milli(c.resources.limits, "cpu");
  return own == 0 && pod.spec.resources ? milli(pod.spec.resources->limits, "cpu") : own;
}
int64_t memory_limit(const Pod& pod, const Container& c) {
  const int64_t own = whole(c.resources.limits, "memory");
  return own == 0 && pod.spec.resources ? whole(pod.spec.resources->limits, "memory") : own;
}

Amounts requests_of_container(const Container& c) {
  return {cpu_request(c), whole(c.resources.requests, "memory"),
          whole(c.resources.requests, "ephemeral-storage")};
}
Amounts limits_of_container(const Container& c) {
  return {milli(c.resources.limits, "cpu"), whole(c.resources.limits, "memory"),
          whole(c.resources.limits, "ephemeral-storage")};
}

void add(Amounts& to, const Amounts& more) {
  to.cpu_milli += more.cpu_milli;
  to.memory_bytes += more.memory_bytes;
  to.storage_bytes += more.storage_bytes;
}
Amounts larger(const Amounts& a, const Amounts& b) {
  return {std::max(a.cpu_milli, b.cpu_milli), std::max(a.memory_bytes, b.memory_bytes),
          std::max(a.storage_bytes, b.storage_bytes)};
}

/// What the containers need at the moment at which they need most: sidecars run beside all that comes after
/// them, other init containers one after the other, before the regular ones.
Amounts of_containers(const Pod& pod, Amounts (*of)(const Container&)) {
  Amounts running, sidecars, starting;
  for (const auto& c : api::made_containers_of(pod.spec)) {
    Amounts now = of(c.spec);
    if (!c.is_init()) {
      add(running, now);
      continue;
    }
    add(now, sidecars);
    starting = larger(starting, now);
    if (c.sort == api::ContainerSort::Sidecar) sidecars = now;
  }
  add(running, sidecars);
  return larger(running, starting);
}

void replace(Amounts& in, const codec::Map<codec::Quantity>& by) {
  if (by.contains("cpu")) in.cpu_milli = milli(by, "cpu");
  if (by.contains("memory")) in.memory_bytes = whole(by, "memory");
}

/// Of what the pod asks for beyond its containers each has an equal part.
int64_t spare_memory_of_each(const Pod& pod) {
  if (!pod.spec.resources || whole(pod.spec.resources->requests, "memory") == 0) return 0;
  const auto asked = of_containers(pod, requests_of_container).memory_bytes;
  const auto containers = static_cast<int64_t>(api::made_containers_of(pod.spec).size());
  return (whole(pod.spec.resources->requests, "memory") - asked) / std::max<int64_t>(containers, 1);
}

int64_t oom_score(const Pod& pod, const Container& c, int64_t node_memory_bytes) {
  const auto qos = qos_class(pod);
  if (pod.spec.priority.value_or(0) >= kCriticalPriority || qos == "Guaranteed") return -997;
  if (qos == "BestEffort" || node_memory_bytes <= 0) return 1000;
  int64_t request = whole(c.resources.requests, "memory");
  if (is_sidecar(c) && is_init_container(pod, c.name)) {
    // It is not killed before those it serves.
    int64_t least = INT64_MAX;
    for (const auto& r : pod.spec.containers) least = std::min(least, whole(r.resources.requests, "memory"));
    if (least != INT64_MAX) request = std::max(request, least);
  }
  request += spare_memory_of_each(pod);
  return std::clamp<int64_t>(1000 - 1000 * request / node_memory_bytes, 3, 999);
}

}  // namespace

int64_t shares_of(int64_t milli) {
  return milli <= 0 ? kSharesMin : std::clamp(milli * kSharesPerCpu / 1000, kSharesMin, kSharesMax);
}

KernelResources kernel_resources(const Pod& pod, const Container& c, int64_t node_memory_bytes) {
  return {.cpu_shares = shares_of(cpu_request(c)),
          .cpu_quota_us = quota_of(cpu_limit(pod, c)),
          .memory_limit_bytes = memory_limit(pod, c),
          .oom_score_adj = oom_score(pod, c, node_memory_bytes)};
}

std::string huge_page_name(uint64_t bytes) {
  const char* units[] = {"B", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return fmt::format("{}{}", bytes, units[unit]);
}

std::vector<std::pair<uint64_t, uint64_t>> huge_page_limits(const Pod& pod, const Container& c,
                                                            const std::vector<uint64_t>& sizes) {
  constexpr std::string_view kPrefix = "hugepages-";
  std::map<uint64_t, uint64_t> asked;
  const auto add = [&](const codec::Map<codec::Quantity>& limits) {
    for (const auto& [name, amount] : limits) {
      if (!name.starts_with(kPrefix)) continue;
      const auto size = codec::Quantity::parse(name.substr(kPrefix.size()));
      if (size.ok()) asked[static_cast<uint64_t>(size->value())] = static_cast<uint64_t>(amount.value());
    }
  };
  // The container's own word goes before the pod's.
  if (pod.spec.resources) add(pod.spec.resources->limits);
  add(c.resources.limits);
  std::vector<std::pair<uint64_t, uint64_t>> out;
  for (const uint64_t size : sizes) {
    const auto found = asked.find(size);
    out.emplace_back(size, found == asked.end() ? 0 : found->second);
  }
  return out;
}

Amounts requests_of(const Pod& pod) {
  Amounts out = of_containers(pod, requests_of_container);
  if (pod.spec.resources) replace(out, pod.spec.resources->requests);
  add(out, {milli(pod.spec.overhead, "cpu"), whole(pod.spec.overhead, "memory"),
            whole(pod.spec.overhead, "ephemeral-storage")});
  return out;
}

Amounts limits_of(const Pod& pod) {
  Amounts out = of_containers(pod, limits_of_container);
  if (pod.spec.resources) replace(out, pod.spec.resources->limits);
  if (out.cpu_milli > 0) out.cpu_milli += milli(pod.spec.overhead, "cpu");
  if (out.memory_bytes > 0) out.memory_bytes += whole(pod.spec.overhead, "memory");
  return out;
}

linux::CgroupLimits pod_limits(const Pod& pod, int64_t pids_max) {
  bool all_cpu = true, all_memory = true;
  for (const auto& c : api::made_containers_of(pod.spec)) {
    all_cpu = all_cpu && milli(c.spec.resources.limits, "cpu") > 0;
    all_memory = all_memory && whole(c.spec.resources.limits, "memory") > 0;
  }
  if (pod.spec.resources) {
    all_cpu = all_cpu || milli(pod.spec.resources->limits, "cpu") > 0;
    all_memory = all_memory || whole(pod.spec.resources->limits, "memory") > 0;
  }
  const Amounts limits = limits_of(pod);
  linux::CgroupLimits out;
  out.cpu_period_us = kCpuPeriodUs;
  out.cpu_shares = static_cast<uint64_t>(shares_of(requests_of(pod).cpu_milli));
  if (all_cpu) out.cpu_quota_us = quota_of(limits.cpu_milli);
  if (all_memory) out.memory_limit_bytes = limits.memory_bytes;
  if (pids_max > 0) out.pids_max = pids_max;
  return out;
}

uint64_t volume_memory_max(const Pod& pod, const codec::Map<codec::Quantity>& allocatable,
                           int64_t node_memory_bytes) {
  const int64_t for_pods = whole(allocatable, "memory");
  const int64_t node = for_pods > 0 ? for_pods : std::max<int64_t>(node_memory_bytes, 0);
  const int64_t own = pod_limits(pod).memory_limit_bytes.value_or(0);
  return static_cast<uint64_t>(own > 0 && (node == 0 || own < node) ? own : node);
}

}  // namespace mizzen::kubelet
