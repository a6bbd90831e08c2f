#pragma once
#include <string>
#include <string_view>

namespace mizzen::api {

/// events.k8s.io calls the fields of an Event by other names. For ServedVersion::to_memory and from_memory.
void event_to_memory(const void* wire, void* memory);
void event_from_memory(const void* memory, void* wire);
void event_v1beta1_to_memory(const void* wire, void* memory);
void event_v1beta1_from_memory(const void* memory, void* wire);
/// For ServedVersion::field_name.
std::string event_field_name(std::string_view field);

}  // namespace mizzen::api
