#pragma once
#include <string>
#include <string_view>

#include "api/registry/registry.h"
#include "codec/json/tree.h"

/// OpenAPI documents as trees; openapi.h encodes them. Pure.
namespace mizzen::api {

codec::Value openapi_v2_document(const Registry& registry);
codec::Value openapi_v3_document(const Registry& registry, std::string_view group, std::string_view version);

/// One operation of a path, told independently of OpenAPI's version.
struct ApiOperation {
  std::string path;
  std::string method;                ///< get, post ...
  std::string id;                    ///< listCoreV1NamespacedPod
  std::string action;                ///< x-kubernetes-action
  std::string group, version, kind;  ///< x-kubernetes-group-version-kind
  const codec::Message* body = nullptr;
  const codec::Message* answer = nullptr;
  bool namespaced = false, named = false, lists = false, writes = false, patches = false, deletes = false;
};
std::vector<ApiOperation> api_operations(const Registry& registry, std::string_view group,
                                         std::string_view version);

/// io.k8s.api.core.v1.Pod
std::string definition_name(const codec::Message& message);
/// The schema of one message. `ref_prefix` is "#/definitions/" or "#/components/schemas/".
codec::Value definition_of(const codec::Message& message, std::string_view ref_prefix, bool v3);
/// Messages that `roots` lead to, roots included, by definition name.
std::vector<std::pair<std::string, const codec::Message*>> reachable_definitions(
    const std::vector<const codec::Message*>& roots);

}  // namespace mizzen::api
