#include "scheduler/state/pod_info.h"

#include "api/kinds/core/pod/pod_containers.h"
#include "placement/pod_requests.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::Container;

std::string tagged(const std::string& image) {
  const size_t colon = image.rfind(':');
  const size_t slash = image.rfind('/');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return has_tag ? image : image + ":latest";
}

}  // namespace

PodLoad::PodLoad(const Pod& pod)
    : uid(pod.metadata.uid),
      requests(placement::requests_of(pod)),
      host_ports(placement::host_ports_of(pod)),
      priority(pod.spec.priority.value_or(0)) {
  const Amounts scored = placement::requests_of(pod, true);
  nonzero_milli_cpu = scored.milli_cpu;
  nonzero_memory = scored.memory;
  for (const auto& v : pod.spec.volumes)
    if (const auto& claim = v.volumeSource.persistentVolumeClaim)
      volume_claims.push_back(pod.metadata.namespace_ + "/" + claim->claimName);
}

PodInfo::PodInfo(std::shared_ptr<const Pod> p)
    : pod(std::move(p)),
      load(std::make_shared<const PodLoad>(*pod)),
      key(pod->metadata.namespace_ + "/" + pod->metadata.name) {
  for (const auto& c : api::made_containers_of(pod->spec)) images.push_back(tagged(c.spec.image));
}

}  // namespace mizzen::scheduler
