#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What discovery documents say, read and put together. Pure.
namespace mizzen::rest {

/// One resource in one version, as the server tells of it.
struct ServedResource {
  std::string group, version, plural, singular, kind;
  bool namespaced = true;
  std::vector<std::string> verbs;

  bool allows(std::string_view verb) const;
};

/// The resources in an APIGroupDiscoveryList (aggregated discovery, from /api and /apis), preferred versions
/// first. BadRequest where it is none: then the server is older than 1.26.
Result<std::vector<ServedResource>> read_aggregated(std::string_view json);
/// Group versions in what /api (APIVersions) or /apis (APIGroupList) of an older server answers: "v1",
/// "apps/v1"; preferred ones of a group first.
Result<std::vector<std::string>> read_group_versions(std::string_view json);
/// The resources of one group version (APIResourceList), without subresources.
Result<std::vector<ServedResource>> read_resource_list(std::string_view json);

}  // namespace mizzen::rest
