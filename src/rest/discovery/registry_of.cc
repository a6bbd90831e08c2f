#include "rest/discovery/registry_of.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::rest {
namespace {

using api::ResourceInfo;
using Name = std::tuple<std::string_view, std::string_view, std::string_view>;  // group, version, plural

/// Tables live as long as the program: nothing has to own them.
std::shared_ptr<const codec::Message> table(const codec::Message& m) {
  return {std::shared_ptr<const void>(), &m};
}

/// The first version of `resource` that is served.
std::optional<size_t> spoken_version(const ResourceInfo& resource, const std::set<Name>& served) {
  for (size_t i = 0; i < resource.versions.size(); ++i)
    if (served.contains(Name{resource.versions[i].group, resource.versions[i].version, resource.plural}))
      return i;
  return std::nullopt;
}

ResourceInfo metadata_of(const ServedResource& r) {
  ResourceInfo out;
  out.plural = r.plural;
  out.singular = r.singular;
  out.kind = r.kind;
  out.namespaced = r.namespaced;
  api::ServedVersion version;
  version.group = r.group;
  version.version = r.version;
  version.message = table(meta::v1::PartialObjectMetadata::descriptor());
  version.list = table(meta::v1::PartialObjectMetadataList::descriptor());
  out.versions.push_back(std::move(version));
  out.strategy = std::make_shared<const api::Strategy>();
  // Its objects stand nowhere here; the name only has to be its own.
  out.storage_path = r.group + "/" + r.plural;
  return out;
}

bool same(const ResourceInfo& a, const ResourceInfo& b) {
  return a.spoken == b.spoken && a.namespaced == b.namespaced && a.kind == b.kind &&
         &a.message() == &b.message() && a.api_version() == b.api_version();
}

/// What the registry is to have, by qualified name.
std::map<std::string, ResourceInfo> wanted(const std::vector<ServedResource>& served,
                                           const api::Registry& known) {
  std::set<Name> names;
  for (const ServedResource& r : served) names.insert(Name{r.group, r.version, r.plural});
  std::map<std::string, ResourceInfo> out;
  for (const ResourceInfo& resource : known.resources()) {
    const auto version = spoken_version(resource, names);
    if (!version) continue;
    ResourceInfo copy = resource;
    copy.spoken = *version;
    out.emplace(resource.qualified(), std::move(copy));
  }
  for (const ServedResource& r : served) {
    if (known.find(r.group, r.version, r.plural) || !r.allows("list") || !r.allows("watch")) continue;
    ResourceInfo info = metadata_of(r);
    const std::string name = info.qualified();
    out.emplace(name, std::move(info));  // of several versions the preferred one comes first
  }
  return out;
}

}  // namespace

RegistrySteps steps_to(const std::vector<ServedResource>& served, const api::Registry& known,
                       const api::Registry& now) {
  auto next = wanted(served, known);
  RegistrySteps out;
  for (const ResourceInfo& resource : now.resources()) {
    const auto it = next.find(resource.qualified());
    if (it != next.end() && same(it->second, resource)) {
      next.erase(it);
    } else {
      out.remove.push_back(resource.share());
    }
  }
  for (auto& [name, resource] : next) out.add.push_back(std::move(resource));
  return out;
}

}  // namespace mizzen::rest
