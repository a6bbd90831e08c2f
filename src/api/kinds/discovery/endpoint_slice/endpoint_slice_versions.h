#pragma once

namespace mizzen::api {

/// discovery.k8s.io/v1beta1 keeps an endpoint's zone and node in a topology map. For ServedVersion::to_memory
/// and from_memory.
void endpoint_slice_to_memory(const void* wire, void* memory);
void endpoint_slice_from_memory(const void* memory, void* wire);

}  // namespace mizzen::api
