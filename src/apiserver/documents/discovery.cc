#include "apiserver/documents/discovery.h"

#include <algorithm>
#include <tuple>

#include "api/schema/apidiscovery/v2/api_group_discovery.h"
#include "base/strings.h"
#include "machinery/schema/meta/v1/api_group.h"
#include "machinery/schema/meta/v1/api_resource.h"
#include "machinery/schema/meta/v1/api_versions.h"
#include "pki/digest.h"

namespace mizzen::apiserver {
namespace {

namespace v2 = api::apidiscovery::v2;
using api::ResourceInfo;
using api::ServedVersion;

/// Groups in upstream's order of priority; within a group stable versions first, newest first.
constexpr std::string_view kGroupOrder[] = {"apps",
                                            "events.k8s.io",
                                            "authentication.k8s.io",
                                            "authorization.k8s.io",
                                            "autoscaling",
                                            "batch",
                                            "certificates.k8s.io",
                                            "networking.k8s.io",
                                            "policy",
                                            "rbac.authorization.k8s.io",
                                            "storage.k8s.io",
                                            "admissionregistration.k8s.io",
                                            "apiextensions.k8s.io",
                                            "scheduling.k8s.io",
                                            "coordination.k8s.io",
                                            "node.k8s.io",
                                            "discovery.k8s.io",
                                            "resource.k8s.io",
                                            "flowcontrol.apiserver.k8s.io",
                                            "extensions"};

size_t group_rank(std::string_view group) {
  return static_cast<size_t>(std::find(std::begin(kGroupOrder), std::end(kGroupOrder), group) -
                             std::begin(kGroupOrder));
}

/// v2 before v1 before v1beta2 before v1beta1 before v1alpha1.
std::tuple<int, int, int> version_rank(std::string_view v) {
  int major = 0, minor = 0, stage = 0;
  size_t i = 1;
  for (; i < v.size() && v[i] >= '0' && v[i] <= '9'; ++i) major = major * 10 + (v[i] - '0');
  if (v.substr(i).starts_with("beta")) {
    stage = 1;
    i += 4;
  } else if (v.substr(i).starts_with("alpha")) {
    stage = 2;
    i += 5;
  }
  for (; i < v.size() && v[i] >= '0' && v[i] <= '9'; ++i) minor = minor * 10 + (v[i] - '0');
  return {stage, -major, -minor};
}

struct GroupVersions {
  std::string group;
  std::vector<std::string> versions;
};

std::vector<GroupVersions> groups_of(const api::Registry& registry) {
  std::vector<GroupVersions> out;
  for (const ResourceInfo& r : registry.resources())
    for (const ServedVersion& v : r.versions) {
      auto it =
          std::find_if(out.begin(), out.end(), [&](const GroupVersions& g) { return g.group == v.group; });
      if (it == out.end()) it = out.insert(out.end(), {v.group, {}});
      if (std::find(it->versions.begin(), it->versions.end(), v.version) == it->versions.end())
        it->versions.emplace_back(v.version);
    }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return group_rank(a.group) < group_rank(b.group); });
  for (GroupVersions& g : out)
    std::sort(g.versions.begin(), g.versions.end(),
              [](const auto& a, const auto& b) { return version_rank(a) < version_rank(b); });
  return out;
}

std::vector<std::string> names_of(const std::vector<api::Verb>& verbs) {
  std::vector<std::string> out;
  for (const api::Verb v : verbs) out.emplace_back(api::verb_name(v));
  return out;
}

/// By name.
std::vector<const api::SubresourceRow*> subresources_of(const ResourceInfo& r) {
  std::vector<const api::SubresourceRow*> out;
  for (const api::Subresource s : r.subresources) out.push_back(&api::subresource_row(s));
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return out;
}

std::pair<std::string, std::string> split_gv(const std::string& api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string::npos) return {"", api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

std::string storage_hash(const ResourceInfo& r) {
  const std::string id = std::string(r.group()) + "/" + std::string(r.version()) + "/" + r.kind;
  return base64_encode(pki::sha256(id).substr(0, 8));
}

/// Only in the resource's own group: the same short name in two groups makes kubectl warn, and `get all`
/// would show each object once for every group.
template <typename T>
void put_other_names(const ResourceInfo& r, const ServedVersion& v, T& out) {
  if (v.group != r.group()) return;
  for (const std::string_view s : r.short_names) out.shortNames.emplace_back(s);
  for (const std::string_view c : r.categories) out.categories.emplace_back(c);
}

meta::v1::APIResourceList resource_list(const api::Registry& registry, const std::string& group,
                                        const std::string& version) {
  meta::v1::APIResourceList out;
  out.groupVersion = group.empty() ? version : group + "/" + version;
  for (const ResourceInfo& r : registry.resources()) {
    for (const ServedVersion& v : r.versions) {
      if (v.group != group || v.version != version) continue;
      auto& resource = out.resources.emplace_back();
      resource.name = r.plural;
      resource.singularName = r.singular;
      resource.namespaced = r.namespaced;
      resource.kind = r.kind;
      resource.verbs.items = names_of(r.verbs());
      put_other_names(r, v, resource);
      if (r.stored()) resource.storageVersionHash = storage_hash(r);
      for (const api::SubresourceRow* sub : subresources_of(r)) {
        const codec::TypeMeta type = api::subresource_type(r, v, *sub);
        auto& s = out.resources.emplace_back();
        s.name = r.plural + "/" + std::string(sub->name);
        s.namespaced = r.namespaced;
        s.kind = type.kind;
        s.verbs.items = names_of(sub->verbs);
        if (type.api_version != out.groupVersion) std::tie(s.group, s.version) = split_gv(type.api_version);
      }
    }
  }
  std::sort(out.resources.begin(), out.resources.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

meta::v1::APIGroup group_document(const GroupVersions& g) {
  meta::v1::APIGroup out;
  out.name = g.group;
  for (const std::string& v : g.versions) {
    auto& entry = out.versions.emplace_back();
    entry.groupVersion = g.group + "/" + v;
    entry.version = v;
  }
  out.preferredVersion = out.versions[0];
  return out;
}

template <typename T>
Discovered discovered(std::string api_version, std::string kind, T value) {
  return {{std::move(api_version), std::move(kind)}, machinery::Object::of(std::move(value))};
}

}  // namespace

std::string content_hash(std::string_view text) {
  std::string out = hex_encode(pki::sha512(text));
  for (char& c : out)
    if (c >= 'a') c = static_cast<char>(c - 32);
  return out;
}

LegacyDiscovery make_legacy_discovery(const api::Registry& registry, const std::string& external_address) {
  LegacyDiscovery out;
  const auto groups = groups_of(registry);
  out.root_paths = {"/api", "/api/v1", "/apis", "/apis/"};
  meta::v1::APIGroupList list;
  for (const GroupVersions& g : groups) {
    if (g.group.empty()) continue;
    auto document = group_document(g);
    list.groups.push_back(document);
    out.documents["apis/" + g.group] = discovered("v1", "APIGroup", std::move(document));
    out.root_paths.push_back("/apis/" + g.group);
    for (const std::string& v : g.versions) {
      out.documents["apis/" + g.group + "/" + v] =
          discovered("v1", "APIResourceList", resource_list(registry, g.group, v));
      out.group_versions.push_back("apis/" + g.group + "/" + v);
      out.root_paths.push_back("/apis/" + g.group + "/" + v);
    }
  }
  out.documents["apis"] = discovered("v1", "APIGroupList", std::move(list));
  meta::v1::APIVersions versions;
  versions.versions = {"v1"};
  auto& server = versions.serverAddressByClientCIDRs.emplace_back();
  server.clientCIDR = "0.0.0.0/0";
  server.serverAddress = external_address;
  out.documents["api"] = discovered("", "APIVersions", std::move(versions));
  out.documents["api/v1"] = discovered("", "APIResourceList", resource_list(registry, "", "v1"));
  out.group_versions.insert(out.group_versions.begin(), "api/v1");
  for (const char* path :
       {"/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"})
    out.root_paths.emplace_back(path);
  std::sort(out.root_paths.begin(), out.root_paths.end());
  out.root_paths.erase(std::remove(out.root_paths.begin(), out.root_paths.end(), "/apis/"),
                       out.root_paths.end());
  return out;
}

std::string make_aggregated_discovery(const api::Registry& registry, bool core, std::string_view version) {
  v2::APIGroupDiscoveryList list;
  for (const GroupVersions& g : groups_of(registry)) {
    if (g.group.empty() != core) continue;
    auto& group = list.items.emplace_back();
    group.metadata.name = g.group;
    for (const std::string& name : g.versions) {
      auto& entry = group.versions.emplace_back();
      entry.version = name;
      entry.freshness = "Current";
      for (const ResourceInfo& r : registry.resources()) {
        for (const ServedVersion& v : r.versions) {
          if (v.group != g.group || v.version != name) continue;
          auto& resource = entry.resources.emplace_back();
          resource.resource = r.plural;
          auto& kind = resource.responseKind.ensure();
          kind.group = v.group;
          kind.version = v.version;
          kind.kind = r.kind;
          resource.scope = r.namespaced ? "Namespaced" : "Cluster";
          resource.singularResource = r.singular;
          resource.verbs = names_of(r.verbs());
          put_other_names(r, v, resource);
          for (const api::SubresourceRow* sub : subresources_of(r)) {
            const codec::TypeMeta type = api::subresource_type(r, v, *sub);
            auto& s = resource.subresources.emplace_back();
            s.subresource = sub->name;
            auto& response = s.responseKind.ensure();
            std::tie(response.group, response.version) = split_gv(type.api_version);
            response.kind = type.kind;
            s.verbs = names_of(sub->verbs);
          }
        }
      }
      std::sort(entry.resources.begin(), entry.resources.end(),
                [](const auto& a, const auto& b) { return a.resource < b.resource; });
    }
  }
  std::string out;
  const codec::TypeMeta type{"apidiscovery.k8s.io/" + std::string(version), "APIGroupDiscoveryList"};
  codec::encode_json(out, list.descriptor(), &list, &type);
  return out + "\n";
}

}  // namespace mizzen::apiserver
