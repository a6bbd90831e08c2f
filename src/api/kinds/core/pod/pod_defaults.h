#pragma once
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/pod_template_spec.h"

namespace mizzen::api {

/// What upstream fills into a pod spec anywhere: pods and templates.
void default_pod_spec(core::v1::PodSpec& spec);
/// What it fills into pods alone: requests from limits, service links, host ports.
void default_pod(core::v1::Pod& pod);
/// Always for :latest and untagged images, else IfNotPresent.
std::string_view default_pull_policy(std::string_view image);

}  // namespace mizzen::api
