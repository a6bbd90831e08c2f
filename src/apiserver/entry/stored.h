#pragma once
#include <string>

#include "api/registry/registry.h"
#include "machinery/object/object.h"

/// How objects stand in the store: keys, the envelope, the versions they are written in.
namespace mizzen::apiserver {

using machinery::Object;

/// "namespace/name" or "name".
std::string entry_key(std::string_view namespace_, std::string_view name);
/// Above all that is stored.
inline constexpr std::string_view kStorageRoot = "/registry";
/// Where upstream keeps a resource in etcd: "/registry/services/specs/".
std::string storage_prefix(const api::ResourceInfo& resource);

/// The bytes that are stored: the `k8s\0` envelope around the object, without resourceVersion.
std::string encode_stored(const api::ResourceInfo& resource, const machinery::MutableObject& object);
/// The object's own bytes in what encode_stored() made.
std::string_view stored_object(std::string_view stored);
/// The other way, with defaults applied and resourceVersion set to `revision`. InternalError where the bytes
/// are not this resource's.
Result<Object> decode_stored(const api::ResourceInfo& resource, std::string_view bytes, int64_t revision);

}  // namespace mizzen::apiserver
