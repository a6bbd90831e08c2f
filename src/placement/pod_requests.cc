#include "placement/pod_requests.h"

#include <vector>

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::placement {
namespace {

using api::core::v1::Container;
using api::core::v1::ContainerStatus;

constexpr int64_t kDefaultMilliCpu = 100;
constexpr int64_t kDefaultMemory = 200 << 20;

/// What the container asks for, or still has while a resize is under way.
Amounts requests_of(const Container& c, const std::vector<ContainerStatus>& statuses) {
  Amounts out = Amounts::of(c.resources.requests);
  for (const ContainerStatus& s : statuses) {
    if (s.name != c.name) continue;
    if (s.resources) out.raise_to(Amounts::of(s.resources->requests));
    out.raise_to(Amounts::of(s.allocatedResources));
  }
  return out;
}

Amounts with_defaults(Amounts a) {
  if (a.milli_cpu == 0) a.milli_cpu = kDefaultMilliCpu;
  if (a.memory == 0) a.memory = kDefaultMemory;
  return a;
}

}  // namespace

Amounts requests_of(const Pod& pod, bool defaults) {
  const auto of = [&](const Container& c, const std::vector<ContainerStatus>& statuses) {
    Amounts a = requests_of(c, statuses);
    return defaults ? with_defaults(std::move(a)) : a;
  };
  Amounts running;
  Amounts peak;
  Amounts sidecars;
  for (const auto& c : api::made_containers_of(pod.spec)) {
    Amounts now = of(c.spec, c.is_init() ? pod.status.initContainerStatuses : pod.status.containerStatuses);
    if (!c.is_init()) {
      running.add(now);
      continue;
    }
    if (c.sort == api::ContainerSort::Sidecar) {
      sidecars.add(now);
      now = sidecars;
    } else {
      now.add(sidecars);
    }
    peak.raise_to(now);
  }
  running.add(sidecars);
  running.raise_to(peak);
  if (pod.spec.resources) {
    const Amounts own = Amounts::of(pod.spec.resources->requests);
    if (pod.spec.resources->requests.contains("cpu")) running.milli_cpu = own.milli_cpu;
    if (pod.spec.resources->requests.contains("memory")) running.memory = own.memory;
    for (const auto& [name, amount] : own.others) running.others[name] = amount;
  }
  running.add(Amounts::of(pod.spec.overhead));
  return running;
}

}  // namespace mizzen::placement
