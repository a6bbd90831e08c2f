#include "rest/discovery/served.h"

#include <algorithm>

#include "api/schema/apidiscovery/v2/api_group_discovery.h"
#include "codec/json/json_codec.h"
#include "machinery/schema/meta/v1/api_group.h"
#include "machinery/schema/meta/v1/api_resource.h"
#include "machinery/schema/meta/v1/api_versions.h"

namespace mizzen::rest {
namespace {

/// A document that has to be of this kind.
template <typename T>
Result<T> read(std::string_view json, std::string_view kind) {
  MZ_ASSIGN(const codec::TypeMeta type, codec::peek_type(json));
  if (type.kind != kind)
    return Error(Code::BadRequest, "discovery: a " + type.kind + " instead of a " + std::string(kind));
  return codec::from_json<T>(json);
}

}  // namespace

bool ServedResource::allows(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Result<std::vector<ServedResource>> read_aggregated(std::string_view json) {
  using api::apidiscovery::v2::APIGroupDiscoveryList;
  MZ_ASSIGN(const auto list, read<APIGroupDiscoveryList>(json, "APIGroupDiscoveryList"));
  std::vector<ServedResource> out;
  for (const auto& group : list.items)
    for (const auto& version : group.versions)
      for (const auto& resource : version.resources)
        out.push_back({group.metadata.name, version.version, resource.resource, resource.singularResource,
                       resource.responseKind ? resource.responseKind->kind : "",
                       resource.scope == "Namespaced", resource.verbs});
  return out;
}

Result<std::vector<std::string>> read_group_versions(std::string_view json) {
  MZ_ASSIGN(const codec::TypeMeta type, codec::peek_type(json));
  if (type.kind == "APIVersions") {
    MZ_ASSIGN(const auto versions, read<meta::v1::APIVersions>(json, "APIVersions"));
    return versions.versions;
  }
  MZ_ASSIGN(const auto list, read<meta::v1::APIGroupList>(json, "APIGroupList"));
  std::vector<std::string> out;
  for (const auto& group : list.groups) {
    if (!group.preferredVersion.groupVersion.empty()) out.push_back(group.preferredVersion.groupVersion);
    for (const auto& version : group.versions)
      if (version.groupVersion != group.preferredVersion.groupVersion) out.push_back(version.groupVersion);
  }
  return out;
}

Result<std::vector<ServedResource>> read_resource_list(std::string_view json) {
  MZ_ASSIGN(const auto list, read<meta::v1::APIResourceList>(json, "APIResourceList"));
  const size_t slash = list.groupVersion.find('/');
  const std::string group = slash == std::string::npos ? "" : list.groupVersion.substr(0, slash);
  const std::string version =
      slash == std::string::npos ? list.groupVersion : list.groupVersion.substr(slash + 1);
  std::vector<ServedResource> out;
  for (const auto& resource : list.resources) {
    if (resource.name.find('/') != std::string::npos) continue;
    out.push_back({group, version, resource.name, resource.singularName, resource.kind, resource.namespaced,
                   resource.verbs.items});
  }
  return out;
}

}  // namespace mizzen::rest
