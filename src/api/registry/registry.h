#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/registry/subresource.h"
#include "api/strategy/strategy.h"
#include "codec/tables/schema.h"

namespace mizzen::api {

/// One version in which a resource is served.
struct ServedVersion {
  std::string_view group;
  std::string_view version;
  const codec::Message* message;  ///< the wire type; converts to ResourceInfo::message by name
  const codec::Message* list;     ///< its list kind
  /// The Warning of a deprecated version; empty where current.
  std::string warning;
  /// The release that upstream took a deprecated version away in, "1.16"; empty where current.
  std::string_view removed_release;
  /// Conversion between this version's message and the in-memory one where equal names are not enough; null:
  /// by name.
  void (*to_memory)(const void* wire, void* memory) = nullptr;
  void (*from_memory)(const void* memory, void* wire) = nullptr;
  /// What a field selector of this version calls a field -> what the strategy calls it; empty where the
  /// version has no such field. Null: the names are the same.
  std::string (*field_name)(std::string_view field) = nullptr;

  std::string api_version() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  }
};

/// Role: everything the API server, discovery and clients need to know of one resource: names, versions,
/// behaviour. Threading: immutable.
struct ResourceInfo {
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  bool namespaced = true;
  std::vector<std::string_view> short_names;
  std::vector<std::string_view> categories;
  /// The first one is the storage version and the in-memory type; its group names the resource.
  std::vector<ServedVersion> versions;
  std::vector<Subresource> subresources;
  const Strategy* strategy = nullptr;
  bool create_only = false;        ///< tokenreviews and bindings: nothing is stored
  bool deletes_collection = true;  ///< false for namespaces, which go one by one

  std::string_view group() const { return versions[0].group; }
  std::string_view version() const { return versions[0].version; }
  std::string api_version() const { return versions[0].api_version(); }
  const codec::Message& message() const { return *versions[0].message; }
  const codec::Message& list_message() const { return *versions[0].list; }
  /// "deployments.apps", "pods".
  std::string qualified() const {
    return group().empty() ? std::string(plural) : std::string(plural) + "." + std::string(group());
  }
  bool has(Subresource s) const;
  /// The row of the subresource that a URL names; nullptr where this resource has none of that name.
  const SubresourceRow* find_subresource(std::string_view name) const;
  /// What may be done with the resource itself, in discovery's order.
  std::vector<Verb> verbs() const;
  bool allows(Verb verb) const;
};

/// apiVersion and kind of what a subresource takes and answers in one version. Old versions of workloads have
/// a Scale of their own.
codec::TypeMeta subresource_type(const ResourceInfo& resource, const ServedVersion& version,
                                 const SubresourceRow& row);

/// Role: the resources that have behaviour. Threading: immutable after construction.
class Registry {
 public:
  explicit Registry(std::vector<ResourceInfo> resources) : resources_(std::move(resources)) {}
  std::span<const ResourceInfo> resources() const { return resources_; }
  /// By what stands in a URL; `served` tells the version found. nullptr where unknown.
  const ResourceInfo* find(std::string_view group, std::string_view version, std::string_view plural,
                           const ServedVersion** served = nullptr) const;
  /// By apiVersion and kind, any served version.
  const ResourceInfo* find_kind(std::string_view api_version, std::string_view kind,
                                const ServedVersion** served = nullptr) const;
  const ResourceInfo* find_message(const codec::Message& message) const;

 private:
  std::vector<ResourceInfo> resources_;
};

}  // namespace mizzen::api
