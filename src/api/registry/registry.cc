#include "api/registry/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace mizzen::api {

bool ResourceInfo::has(Subresource s) const {
  return std::find(subresources.begin(), subresources.end(), s) != subresources.end();
}

const SubresourceRow* ResourceInfo::find_subresource(std::string_view name) const {
  const SubresourceRow* row = api::find_subresource(name);
  return row && has(row->id) ? row : nullptr;
}

std::vector<Verb> ResourceInfo::verbs() const {
  if (!stored()) return {Verb::Create};
  std::vector<Verb> out = {Verb::Create, Verb::Delete, Verb::DeleteCollection, Verb::Get,
                           Verb::List,   Verb::Patch,  Verb::Update,           Verb::Watch};
  if (!deletes_collection) std::erase(out, Verb::DeleteCollection);
  return out;
}

bool ResourceInfo::allows(Verb verb) const {
  if (!stored()) return verb == Verb::Create;
  return verb != Verb::None && (verb != Verb::DeleteCollection || deletes_collection);
}

ResourcePtr ResourceInfo::share() const {
  ResourcePtr out = weak_from_this().lock();
  MZ_CHECK(out, "{} is in no registry", plural);
  return out;
}

codec::TypeMeta subresource_type(const ResourceInfo& resource, const ServedVersion& version,
                                 const SubresourceRow& row) {
  if (row.kind.empty()) return {version.api_version(), resource.kind};
  const bool modern = version.group.empty() || (version.group == "apps" && version.version == "v1");
  if (row.id == Subresource::Scale && !modern) return {version.api_version(), "Scale"};
  if (row.kind_after_resource) return {std::string(row.api_version), resource.kind + std::string(row.kind)};
  return {std::string(row.api_version), std::string(row.kind)};
}

size_t Registry::NameHash::operator()(const Name& name) const {
  const std::hash<std::string_view> hash;
  // Odd factors, so that equal parts in other places make another sum.
  return hash(std::get<0>(name)) + 31 * hash(std::get<1>(name)) + 961 * hash(std::get<2>(name));
}

Result<void> Registry::index(const ResourceInfo& resource, std::set<std::string>& places) {
  const auto taken = [&](std::string_view what) {
    return Error(Code::AlreadyExists,
                 fmt::format("{}: {} is another resource's", resource.qualified(), what));
  };
  for (const ServedVersion& v : resource.versions) {
    const Found found{&resource, &v};
    if (!by_plural_.emplace(Name{v.group, v.version, resource.plural}, found).second)
      return taken(v.api_version() + "/" + resource.plural);
    if (!by_kind_.emplace(Name{v.group, v.version, resource.kind}, found).second)
      return taken(v.api_version() + " " + resource.kind);
  }
  by_message_.emplace(&resource.message(), &resource);
  if (!resource.stored()) return {};
  const std::string& place = resource.storage_path.empty() ? resource.plural : resource.storage_path;
  if (!places.insert(place).second) return taken("/registry/" + place);
  return {};
}

Result<RegistryPtr> Registry::of(std::vector<ResourcePtr> resources) {
  const auto out = std::make_shared<Registry>();
  out->resources_ = std::move(resources);
  std::set<std::string> places;
  for (const ResourcePtr& r : out->resources_) MZ_TRY(out->index(*r, places));
  return RegistryPtr(out);
}

Result<RegistryPtr> Registry::make(std::vector<ResourceInfo> resources) {
  std::vector<ResourcePtr> shared;
  shared.reserve(resources.size());
  for (ResourceInfo& r : resources) shared.push_back(std::make_shared<const ResourceInfo>(std::move(r)));
  return of(std::move(shared));
}

Result<RegistryPtr> Registry::with(ResourceInfo resource) const {
  std::vector<ResourcePtr> next = resources_;
  next.push_back(std::make_shared<const ResourceInfo>(std::move(resource)));
  return of(std::move(next));
}

RegistryPtr Registry::without(const ResourceInfo& resource) const {
  std::vector<ResourcePtr> next = resources_;
  std::erase_if(next, [&](const ResourcePtr& r) { return r.get() == &resource; });
  auto made = of(std::move(next));
  MZ_CHECK(made.ok(), "fewer resources have nothing more in common: {}", made.error().message());
  return std::move(*made);
}

bool Registry::has(const ResourceInfo& resource) const {
  const ServedVersion& v = resource.versions[0];
  return find(v.group, v.version, resource.plural) == &resource;
}

const ResourceInfo* Registry::find(std::string_view group, std::string_view version, std::string_view plural,
                                   const ServedVersion** served) const {
  const auto it = by_plural_.find(Name{group, version, plural});
  if (it == by_plural_.end()) return nullptr;
  if (served) *served = it->second.version;
  return it->second.resource;
}

const ResourceInfo* Registry::find_kind(std::string_view api_version, std::string_view kind,
                                        const ServedVersion** served) const {
  const size_t slash = api_version.find('/');
  const bool core = slash == std::string_view::npos;
  const auto it = by_kind_.find(Name{core ? std::string_view() : api_version.substr(0, slash),
                                     core ? api_version : api_version.substr(slash + 1), kind});
  if (it == by_kind_.end()) return nullptr;
  if (served) *served = it->second.version;
  return it->second.resource;
}

const ResourceInfo* Registry::find_message(const codec::Message& message) const {
  const auto it = by_message_.find(&message);
  return it == by_message_.end() ? nullptr : it->second;
}

RegistryChange difference(const Registry& before, const Registry& now) {
  RegistryChange out;
  for (const ResourceInfo& r : now.resources())
    if (!before.has(r)) out.added.push_back(r.share());
  for (const ResourceInfo& r : before.resources())
    if (!now.has(r)) out.removed.push_back(r.share());
  return out;
}

}  // namespace mizzen::api
