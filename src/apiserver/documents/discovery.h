#pragma once
#include <map>
#include <string>
#include <vector>

#include "api/registry/registry.h"
#include "codec/json/json_codec.h"
#include "machinery/object/object.h"

namespace mizzen::apiserver {

/// A discovery document and how it is labelled.
struct Discovered {
  codec::TypeMeta type;
  machinery::Object object;
};

/// The plain documents by path ("api", "api/v1", "apis/apps", "apis/apps/v1" ...).
struct LegacyDiscovery {
  std::map<std::string, Discovered> documents;
  std::vector<std::string> group_versions;  ///< "api/v1", "apis/apps/v1" ... as OpenAPI v3 names them
  std::vector<std::string> root_paths;
};
LegacyDiscovery make_legacy_discovery(const api::Registry& registry, const std::string& external_address);

/// APIGroupDiscoveryList as JSON: of the core group, or of all others. `version` is v2 or v2beta1, which are
/// alike.
std::string make_aggregated_discovery(const api::Registry& registry, bool core, std::string_view version);

/// SHA-512 in upper-case hex, as ETags carry it.
std::string content_hash(std::string_view text);

}  // namespace mizzen::apiserver
