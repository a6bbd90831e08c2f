#pragma once
#include <optional>
#include <set>
#include <string>

#include "api/kinds/core/pod/volume_checks.h"
#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// What containers are checked against beside themselves.
struct PodContext {
  const core::v1::PodSpec& spec;
  const VolumesByName& volumes;
  std::set<std::string> claims;  ///< resource claims of the pod
  bool host_users = true;
};

/// Containers, init containers and ephemeral containers of a pod spec at `at`.
void check_containers(const PodContext& pod, const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
