#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "api/strategy/strategy.h"
#include "api/subresources/subresource.h"
#include "base/result.h"
#include "codec/tables/schema.h"

namespace mizzen::api {

/// One version in which a resource is served.
struct ServedVersion {
  std::string group;
  std::string version;
  std::shared_ptr<const codec::Message>
      message;                                 ///< the wire type; converts to ResourceInfo::message by name
  std::shared_ptr<const codec::Message> list;  ///< its list kind
  /// The Warning of a deprecated version; empty where current.
  std::string warning;
  /// The release that upstream took a deprecated version away in, "1.16"; empty where current.
  std::string removed_release;
  /// Conversion between this version's message and the in-memory one where equal names are not enough; empty:
  /// by name.
  std::function<void(const void* wire, void* memory)> to_memory;
  std::function<void(const void* memory, void* wire)> from_memory;
  /// What a field selector of this version calls a field -> what the strategy calls it; empty where the
  /// version has no such field. Null: the names are the same.
  std::string (*field_name)(std::string_view field) = nullptr;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

struct ResourceInfo;
using ResourcePtr = std::shared_ptr<const ResourceInfo>;

/// Role: everything the API server, discovery and clients need to know of one resource: names, versions,
/// behaviour. It owns all that it names. Place: made once, then shared by every Registry that has it; its
/// address is its identity, so a resource that goes and comes again is another one. Life: whoever keeps it
/// beyond the call that it was given in takes share(). Threading: immutable once it is in a Registry.
struct ResourceInfo : std::enable_shared_from_this<ResourceInfo> {
  std::string plural;
  std::string singular;
  std::string kind;
  bool namespaced = true;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  /// The first one is the storage version and the in-memory type; its group names the resource.
  std::vector<ServedVersion> versions;
  /// For clients of a server elsewhere: the index of the version that is spoken with it.
  size_t spoken = 0;
  std::vector<Subresource> subresources;
  std::shared_ptr<const Strategy> strategy;
  /// Where its objects stand in the store, below "/registry/", as upstream has it: "services/specs". Empty:
  /// below its plural.
  std::string storage_path;
  /// What answers a POST of one whose objects are answered and not stored: bindings, reviews. Empty: they
  /// are stored.
  std::optional<Subresource> answered_as;
  bool deletes_collection = true;  ///< false for namespaces, which go one by one

  bool stored() const { return !answered_as; }
  std::string_view group() const { return versions[0].group; }
  std::string_view version() const { return versions[0].version; }
  std::string api_version() const { return versions[0].api_version(); }
  const codec::Message& message() const { return *versions[0].message; }
  const codec::Message& list_message() const { return *versions[0].list; }
  /// "deployments.apps", "pods".
  std::string qualified() const { return group().empty() ? plural : plural + "." + versions[0].group; }
  bool has(Subresource s) const;
  /// The row of the subresource that a URL names; nullptr where this resource has none of that name.
  const SubresourceRow* find_subresource(std::string_view name) const;
  /// What may be done with the resource itself, in discovery's order.
  std::vector<Verb> verbs() const;
  bool allows(Verb verb) const;
  /// Shared ownership. Requires one that a Registry has, or had.
  ResourcePtr share() const;
};

/// apiVersion and kind of what a subresource takes and answers in one version. Old versions of workloads have
/// a Scale of their own.
codec::TypeMeta subresource_type(const ResourceInfo& resource, const ServedVersion& version,
                                 const SubresourceRow& row);

class Registry;
using RegistryPtr = std::shared_ptr<const Registry>;

/// Role: the resources that have behaviour, as they are at one moment: a snapshot that ResourceCatalog
/// replaces by another. What it finds lives as long as the snapshot, and longer where it is share()d.
/// Threading: immutable. Invariants: I1 no two resources have a URL, an apiVersion with kind, or a place in
/// the store in common.
class Registry {
 public:
  /// AlreadyExists where two of them would break I1.
  static Result<RegistryPtr> make(std::vector<ResourceInfo> resources);
  /// This one and `resource`, which comes last. Errors as make().
  Result<RegistryPtr> with(ResourceInfo resource) const;
  /// This one without `resource`; the same where it does not have it.
  RegistryPtr without(const ResourceInfo& resource) const;

  /// In the order they came.
  auto resources() const {
    return resources_ | std::views::transform([](const ResourcePtr& r) -> const ResourceInfo& { return *r; });
  }
  bool has(const ResourceInfo& resource) const;
  /// By what stands in a URL; `served` tells the version found. nullptr where unknown.
  const ResourceInfo* find(std::string_view group, std::string_view version, std::string_view plural,
                           const ServedVersion** served = nullptr) const;
  /// By apiVersion and kind, any served version.
  const ResourceInfo* find_kind(std::string_view api_version, std::string_view kind,
                                const ServedVersion** served = nullptr) const;
  /// The first one whose in-memory type this is.
  const ResourceInfo* find_message(const codec::Message& message) const;
  template <typename T>
  const ResourceInfo* find() const {
    return find_message(T::descriptor());
  }

 private:
  struct Found {
    const ResourceInfo* resource = nullptr;
    const ServedVersion* version = nullptr;
  };
  /// Group, version and plural or kind: views of what the resources own.
  using Name = std::tuple<std::string_view, std::string_view, std::string_view>;
  struct NameHash {
    size_t operator()(const Name& name) const;
  };

  static Result<RegistryPtr> of(std::vector<ResourcePtr> resources);
  /// `places`: what those before it have in the store.
  Result<void> index(const ResourceInfo& resource, std::set<std::string>& places);

  std::vector<ResourcePtr> resources_;
  std::unordered_map<Name, Found, NameHash> by_plural_;
  std::unordered_map<Name, Found, NameHash> by_kind_;
  std::unordered_map<const codec::Message*, const ResourceInfo*> by_message_;
};

/// What one snapshot has that another has not; a resource that went and came again is in both.
struct RegistryChange {
  std::vector<ResourcePtr> added;
  std::vector<ResourcePtr> removed;
};
RegistryChange difference(const Registry& before, const Registry& now);

}  // namespace mizzen::api
