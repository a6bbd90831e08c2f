#include "scheduler/state/pod_info.h"

#include <algorithm>

namespace mizzen::scheduler {
namespace {

using api::core::v1::Container;
using api::core::v1::ContainerStatus;

constexpr int64_t kDefaultMilliCpu = 100;
constexpr int64_t kDefaultMemory = 200 << 20;

bool is_sidecar(const Container& c) { return c.restartPolicy && *c.restartPolicy == "Always"; }

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

/// The larger of what runs together and of the busiest moment of initialisation.
Amounts total(const Pod& pod, bool defaults) {
  const auto of = [&](const Container& c, const std::vector<ContainerStatus>& statuses) {
    Amounts a = requests_of(c, statuses);
    return defaults ? with_defaults(std::move(a)) : a;
  };
  Amounts running;
  Amounts peak;
  Amounts sidecars;
  for (const Container& c : pod.spec.initContainers) {
    Amounts now = of(c, pod.status.initContainerStatuses);
    if (is_sidecar(c)) {
      sidecars.add(now);
      now = sidecars;
    } else {
      now.add(sidecars);
    }
    peak.raise_to(now);
  }
  for (const Container& c : pod.spec.containers) running.add(of(c, pod.status.containerStatuses));
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

std::string tagged(const std::string& image) {
  const size_t colon = image.rfind(':');
  const size_t slash = image.rfind('/');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return has_tag ? image : image + ":latest";
}

void collect_ports(const Container& c, std::vector<HostPort>& out) {
  for (const auto& p : c.ports)
    if (p.hostPort > 0)
      out.push_back(
          {p.hostIP.empty() ? "0.0.0.0" : p.hostIP, p.protocol.empty() ? "TCP" : p.protocol, p.hostPort});
}

}  // namespace

Amounts Amounts::of(const codec::Map<codec::Quantity>& list) {
  Amounts out;
  for (const auto& [name, quantity] : list) {
    if (name == "cpu") {
      out.milli_cpu = quantity.milli_value();
    } else if (name == "memory") {
      out.memory = quantity.value();
    } else if (name == "ephemeral-storage") {
      out.ephemeral_storage = quantity.value();
    } else if (name == "pods") {
      out.pods = quantity.value();
    } else if (const int64_t v = quantity.value(); v != 0) {
      out.others[name] = v;
    }
  }
  return out;
}

void Amounts::add(const Amounts& other, int64_t sign) {
  milli_cpu += sign * other.milli_cpu;
  memory += sign * other.memory;
  ephemeral_storage += sign * other.ephemeral_storage;
  pods += sign * other.pods;
  for (const auto& [name, amount] : other.others)
    if ((others[name] += sign * amount) == 0) others.erase(name);
}

void Amounts::raise_to(const Amounts& other) {
  milli_cpu = std::max(milli_cpu, other.milli_cpu);
  memory = std::max(memory, other.memory);
  ephemeral_storage = std::max(ephemeral_storage, other.ephemeral_storage);
  pods = std::max(pods, other.pods);
  for (const auto& [name, amount] : other.others) {
    int64_t& mine = others[name];
    mine = std::max(mine, amount);
  }
}

bool HostPort::conflicts_with(const HostPort& other) const {
  if (port != other.port || protocol != other.protocol) return false;
  return ip == other.ip || ip == "0.0.0.0" || other.ip == "0.0.0.0";
}

PodLoad::PodLoad(const Pod& pod)
    : uid(pod.metadata.uid), requests(total(pod, false)), priority(pod.spec.priority.value_or(0)) {
  const Amounts scored = total(pod, true);
  nonzero_milli_cpu = scored.milli_cpu;
  nonzero_memory = scored.memory;
  for (const Container& c : pod.spec.initContainers)
    if (is_sidecar(c)) collect_ports(c, host_ports);
  for (const Container& c : pod.spec.containers) collect_ports(c, host_ports);
  for (const auto& v : pod.spec.volumes)
    if (const auto& claim = v.volumeSource.persistentVolumeClaim)
      volume_claims.push_back(pod.metadata.namespace_ + "/" + claim->claimName);
}

PodInfo::PodInfo(std::shared_ptr<const Pod> p)
    : pod(std::move(p)),
      load(std::make_shared<const PodLoad>(*pod)),
      key(pod->metadata.namespace_ + "/" + pod->metadata.name) {
  for (const Container& c : pod->spec.initContainers) images.push_back(tagged(c.image));
  for (const Container& c : pod->spec.containers) images.push_back(tagged(c.image));
}

}  // namespace mizzen::scheduler
