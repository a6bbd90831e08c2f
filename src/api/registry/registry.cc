#include "api/registry/registry.h"

#include <algorithm>

namespace mizzen::api {

bool ResourceInfo::has(Subresource s) const {
  return std::find(subresources.begin(), subresources.end(), s) != subresources.end();
}

const SubresourceRow* ResourceInfo::find_subresource(std::string_view name) const {
  const SubresourceRow* row = api::find_subresource(name);
  return row && has(row->id) ? row : nullptr;
}

std::vector<Verb> ResourceInfo::verbs() const {
  if (create_only) return {Verb::Create};
  std::vector<Verb> out = {Verb::Create, Verb::Delete, Verb::DeleteCollection, Verb::Get,
                           Verb::List,   Verb::Patch,  Verb::Update,           Verb::Watch};
  if (!deletes_collection) std::erase(out, Verb::DeleteCollection);
  return out;
}

bool ResourceInfo::allows(Verb verb) const {
  if (create_only) return verb == Verb::Create;
  return verb != Verb::None && (verb != Verb::DeleteCollection || deletes_collection);
}

codec::TypeMeta subresource_type(const ResourceInfo& resource, const ServedVersion& version,
                                 const SubresourceRow& row) {
  if (row.kind.empty()) return {version.api_version(), std::string(resource.kind)};
  const bool modern = version.group.empty() || (version.group == "apps" && version.version == "v1");
  if (row.id == Subresource::Scale && !modern) return {version.api_version(), "Scale"};
  if (row.kind_after_resource)
    return {std::string(row.api_version), std::string(resource.kind) + std::string(row.kind)};
  return {std::string(row.api_version), std::string(row.kind)};
}

const ResourceInfo* Registry::find(std::string_view group, std::string_view version, std::string_view plural,
                                   const ServedVersion** served) const {
  for (const ResourceInfo& r : resources_) {
    if (r.plural != plural) continue;
    for (const ServedVersion& v : r.versions)
      if (v.group == group && v.version == version) {
        if (served) *served = &v;
        return &r;
      }
  }
  return nullptr;
}

const ResourceInfo* Registry::find_kind(std::string_view api_version, std::string_view kind,
                                        const ServedVersion** served) const {
  for (const ResourceInfo& r : resources_) {
    if (r.kind != kind) continue;
    for (const ServedVersion& v : r.versions)
      if (v.api_version() == api_version) {
        if (served) *served = &v;
        return &r;
      }
  }
  return nullptr;
}

const ResourceInfo* Registry::find_message(const codec::Message& message) const {
  for (const ResourceInfo& r : resources_)
    if (&r.message() == &message) return &r;
  return nullptr;
}

}  // namespace mizzen::api
