#pragma once
#include <set>
#include <string>

#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Whether a name is one that somebody outside Kubernetes gave: example.com/gpu.
bool is_extended_resource(std::string_view name);
/// Limits, requests and claims of a container. `claims`: the names that the pod has.
void check_resources(const core::v1::ResourceRequirements& resources, const std::set<std::string>& claims,
                     const machinery::Path& at, machinery::FieldErrors& errors);
/// Amounts that may not be negative, nor have fractions where the resource counts things. `at` has the name
/// already.
void check_quantity(std::string_view resource, const codec::Quantity& amount, const machinery::Path& at,
                    machinery::FieldErrors& errors);
/// Resources of a pod as a whole beside its containers'.
void check_pod_resources(const core::v1::PodSpec& spec, const std::set<std::string>& claims,
                         const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
