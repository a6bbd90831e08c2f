#include "api/kinds/core/pod/disabled_fields.h"

#include <algorithm>

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::api {
namespace {

using core::v1::Container;
using core::v1::PodSpec;

bool stops_by_signal(const Container& c) { return c.lifecycle && c.lifecycle->stopSignal; }
bool has_bundle(const core::v1::VolumeProjection& p) { return p.clusterTrustBundle.has_value(); }
bool has_certificate(const core::v1::VolumeProjection& p) { return p.podCertificate.has_value(); }

template <typename Predicate>
bool any_container(const PodSpec* spec, Predicate predicate) {
  if (!spec) return false;
  const auto all = containers_of(*spec);
  return std::any_of(all.begin(), all.end(), [&](const auto& c) { return predicate(c.spec); });
}

template <typename Predicate>
bool any_projection(const PodSpec* spec, Predicate predicate) {
  if (!spec) return false;
  return std::any_of(spec->volumes.begin(), spec->volumes.end(), [&](const auto& v) {
    const auto& projected = v.volumeSource.projected;
    return projected && std::any_of(projected->sources.begin(), projected->sources.end(), predicate);
  });
}

void drop_stop_signal(Container& c) {
  if (!stops_by_signal(c)) return;
  c.lifecycle->stopSignal.reset();
  if (!c.lifecycle->postStart && !c.lifecycle->preStop) c.lifecycle.reset();
}

}  // namespace

void drop_disabled_fields(PodSpec& spec, const PodSpec* old) {
  if (!old || !old->schedulingGroup) spec.schedulingGroup.reset();
  if (!any_container(old, stops_by_signal)) {
    for (auto& c : spec.containers) drop_stop_signal(c);
    for (auto& c : spec.initContainers) drop_stop_signal(c);
    for (auto& c : spec.ephemeralContainers) drop_stop_signal(c.ephemeralContainerCommon);
  }
  const bool keeps_bundles = any_projection(old, has_bundle);
  const bool keeps_certificates = any_projection(old, has_certificate);
  for (auto& volume : spec.volumes) {
    if (!volume.volumeSource.projected) continue;
    for (auto& source : volume.volumeSource.projected->sources) {
      if (!keeps_bundles) source.clusterTrustBundle.reset();
      if (!keeps_certificates) source.podCertificate.reset();
    }
  }
}

}  // namespace mizzen::api
