#pragma once
#include "api/schema/core/v1/pod_template_spec.h"

namespace mizzen::api {

/// Empties the fields of a pod spec whose gate is closed in 1.36 (GenericWorkload, ContainerStopSignals,
/// ClusterTrustBundleProjection, PodCertificateRequest), as upstream does on every write: the client is told
/// by the answer that they are not there. What `old` used stays in use; null on create.
void drop_disabled_fields(core::v1::PodSpec& spec, const core::v1::PodSpec* old);

}  // namespace mizzen::api
