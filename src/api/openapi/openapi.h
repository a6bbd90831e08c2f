#pragma once
#include <string>
#include <string_view>

#include "api/registry/registry.h"

/// OpenAPI documents made from the schema's tables and the registry: what kubectl validates, merges and
/// explains with. Pure and slow (tens of milliseconds): callers keep the result.
namespace mizzen::api {

std::string openapi_v2_json(const Registry& registry);
/// gnostic's openapi.v2.Document, as `application/com.github.proto-openapi.spec.v2.v1.0+protobuf` carries it.
std::string openapi_v2_proto(const Registry& registry);
std::string openapi_v3_json(const Registry& registry, std::string_view group, std::string_view version);

}  // namespace mizzen::api
