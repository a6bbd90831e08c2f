#include "sim/check/converged.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/discovery/v1/endpoint_slice.h"

namespace mizzen::sim {
namespace {

using api::apps::v1::Deployment;
using api::apps::v1::ReplicaSet;
using api::core::v1::Namespace;
using api::core::v1::Node;
using api::core::v1::Pod;
using api::core::v1::ReplicationController;
using api::core::v1::Service;
using api::discovery::v1::EndpointSlice;

template <typename T>
using All = std::vector<std::shared_ptr<const T>>;

template <typename T>
Result<All<T>> all(client::ApiClient& api) {
  const api::ResourcePtr resource = client::require_resource<T>(api);
  MZ_ASSIGN(const auto list, api.list(*resource, {}, {}));
  All<T> out;
  for (const auto& object : list.items) out.push_back(object.template share<T>());
  return out;
}

struct Seen {
  All<Namespace> namespaces;
  All<Node> nodes;
  All<Deployment> deployments;
  All<ReplicaSet> sets;
  All<ReplicationController> controllers;
  All<Pod> pods;
  All<Service> services;
  All<EndpointSlice> slices;
};

Result<Seen> look(client::ApiClient& api) {
  Seen out;
  MZ_ASSIGN(out.namespaces, all<Namespace>(api));
  MZ_ASSIGN(out.nodes, all<Node>(api));
  MZ_ASSIGN(out.deployments, all<Deployment>(api));
  MZ_ASSIGN(out.sets, all<ReplicaSet>(api));
  MZ_ASSIGN(out.controllers, all<ReplicationController>(api));
  MZ_ASSIGN(out.pods, all<Pod>(api));
  MZ_ASSIGN(out.services, all<Service>(api));
  MZ_ASSIGN(out.slices, all<EndpointSlice>(api));
  return out;
}

template <typename T>
std::string name_of(const char* kind, const T& object) {
  return object.metadata.namespace_.empty()
             ? fmt::format("{} {}", kind, object.metadata.name)
             : fmt::format("{} {}/{}", kind, object.metadata.namespace_, object.metadata.name);
}

template <typename T>
std::string lifetimes(const char* kind, const All<T>& objects, const std::set<std::string>& uids,
                      const std::set<std::string>& namespaces) {
  for (const auto& o : objects) {
    if (o->metadata.deletionTimestamp) return name_of(kind, *o) + " still terminates";
    if (!o->metadata.namespace_.empty() && !namespaces.contains(o->metadata.namespace_))
      return name_of(kind, *o) + " is in no namespace";
    const auto& owners = o->metadata.ownerReferences;
    if (!owners.empty() && std::none_of(owners.begin(), owners.end(),
                                        [&](const auto& owner) { return uids.contains(owner.uid); }))
      return name_of(kind, *o) + " has outlived its owner";
  }
  return "";
}

bool is_ready(const Pod& pod) {
  for (const auto& c : pod.status.conditions)
    if (c.type == "Ready") return c.status == "True";
  return false;
}
bool has_ended(const Pod& pod) { return pod.status.phase == "Succeeded" || pod.status.phase == "Failed"; }

std::string pods_missing(const Seen& seen) {
  std::set<std::string> nodes;
  for (const auto& n : seen.nodes) nodes.insert(n->metadata.name);
  for (const auto& p : seen.pods) {
    if (has_ended(*p)) continue;
    if (p->spec.nodeName.empty()) return name_of("Pod", *p) + " has no node";
    if (!nodes.contains(p->spec.nodeName)) return name_of("Pod", *p) + " is on a node that is gone";
    if (p->status.phase != "Running" || !is_ready(*p)) return name_of("Pod", *p) + " does not run";
  }
  return "";
}

template <typename T>
std::string replicas_missing(const char* kind, const T& owner, const All<Pod>& pods) {
  int32_t own = 0;
  for (const auto& p : pods)
    for (const auto& reference : p->metadata.ownerReferences)
      own += reference.uid == owner.metadata.uid && !has_ended(*p);
  const int32_t wanted = owner.spec.replicas.value_or(1);
  return own == wanted ? "" : fmt::format("{} has {} pods and wants {}", name_of(kind, owner), own, wanted);
}

std::string deployments_missing(const Seen& seen) {
  for (const auto& d : seen.deployments) {
    const int32_t wanted = d->spec.replicas.value_or(1);
    if (d->status.observedGeneration != d->metadata.generation)
      return name_of("Deployment", *d) + " is not up to date";
    if (d->spec.paused) continue;  // it may stand in the middle of a rollout, with more pods or less
    if (d->status.replicas != wanted || d->status.readyReplicas != wanted)
      return fmt::format("{} has {} pods, {} ready, and wants {}", name_of("Deployment", *d),
                         d->status.replicas, d->status.readyReplicas, wanted);
    if (d->status.updatedReplicas != wanted)
      return fmt::format("{} has {} of {} pods up to date", name_of("Deployment", *d),
                         d->status.updatedReplicas, wanted);
  }
  for (const auto& s : seen.sets)
    if (std::string missing = replicas_missing("ReplicaSet", *s, seen.pods); !missing.empty()) return missing;
  for (const auto& c : seen.controllers)
    if (std::string missing = replicas_missing("ReplicationController", *c, seen.pods); !missing.empty())
      return missing;
  return "";
}

std::string services_missing(const Seen& seen) {
  std::map<std::string, std::string> addresses;
  for (const auto& s : seen.services) {
    const std::string name = name_of("Service", *s);
    if (s->spec.clusterIP.empty()) return name + " has no address";
    if (!addresses.emplace(s->spec.clusterIP, name).second)
      return fmt::format("{} and {} have one address, {}", name, addresses[s->spec.clusterIP],
                         s->spec.clusterIP);
    for (const auto& port : s->spec.ports) {
      if (port.nodePort == 0) continue;
      const std::string key = fmt::format("node port {}", port.nodePort);
      if (!addresses.emplace(key, name).second)
        return fmt::format("{} and {} have one {}", name, addresses[key], key);
    }
    if (s->spec.selector.empty()) continue;
    std::set<std::string> wanted, found;
    for (const auto& p : seen.pods) {
      const bool selected =
          p->metadata.namespace_ == s->metadata.namespace_ &&
          std::all_of(s->spec.selector.begin(), s->spec.selector.end(), [&](const auto& label) {
            const auto* value = p->metadata.labels.find(label.first);
            return value && *value == label.second;
          });
      if (selected && !has_ended(*p) && is_ready(*p)) wanted.insert(p->status.podIP);
    }
    for (const auto& slice : seen.slices) {
      const auto* service = slice->metadata.labels.find("kubernetes.io/service-name");
      if (slice->metadata.namespace_ != s->metadata.namespace_ || !service || *service != s->metadata.name)
        continue;
      for (const auto& e : slice->endpoints)
        for (const auto& address : e.addresses)
          if (!found.insert(address).second) return fmt::format("{} has {} twice", name, address);
    }
    if (wanted != found)
      return fmt::format("{} leads to [{}] and not to [{}]", name, fmt::join(found, " "),
                         fmt::join(wanted, " "));
  }
  return "";
}

struct Everything {
  std::vector<std::pair<const api::ResourceInfo*, client::Object>> objects;
  std::set<std::string> uids, namespaces;
};

std::string left_over(const Everything& all, const api::ResourceInfo& resource,
                      const client::Object& object) {
  const auto& meta = object.meta();
  const std::string name = fmt::format("{} {}/{}", resource.plural, meta.namespace_, meta.name);
  if (meta.deletionTimestamp) return name + " still terminates";
  if (!meta.namespace_.empty() && !all.namespaces.contains(meta.namespace_))
    return name + " is in no namespace";
  const auto& owners = meta.ownerReferences;
  if (!owners.empty() && std::none_of(owners.begin(), owners.end(),
                                      [&](const auto& owner) { return all.uids.contains(owner.uid); }))
    return name + " has outlived its owner";
  return "";
}

}  // namespace

std::string what_is_left_over(client::ApiClient& api) {
  Everything all;
  const api::RegistryPtr registry = api.registry();
  for (const api::ResourceInfo& resource : registry->resources()) {
    if (!resource.stored() || !resource.allows(api::Verb::List)) continue;
    const auto list = api.list(resource, {}, {});
    if (!list.ok()) return "the API does not answer: " + list.error().message();
    for (const auto& object : list->items) {
      all.uids.insert(object.meta().uid);
      if (resource.plural == "namespaces") all.namespaces.insert(object.meta().name);
      all.objects.emplace_back(&resource, object);
    }
  }
  for (const auto& [resource, object] : all.objects)
    if (std::string left = left_over(all, *resource, object); !left.empty()) return left;
  return "";
}

std::string what_is_missing(client::ApiClient& api) {
  const auto looked = look(api);
  if (!looked.ok()) return "the API does not answer: " + looked.error().message();
  const Seen& seen = *looked;
  std::set<std::string> uids, namespaces;
  for (const auto& n : seen.namespaces) {
    if (n->metadata.deletionTimestamp) return name_of("Namespace", *n) + " still terminates";
    namespaces.insert(n->metadata.name);
  }
  for (const auto& o : seen.deployments) uids.insert(o->metadata.uid);
  for (const auto& o : seen.sets) uids.insert(o->metadata.uid);
  for (const auto& o : seen.controllers) uids.insert(o->metadata.uid);
  for (const auto& o : seen.services) uids.insert(o->metadata.uid);
  for (const auto& o : seen.nodes) uids.insert(o->metadata.uid);
  const std::string checks[] = {lifetimes("Deployment", seen.deployments, uids, namespaces),
                                lifetimes("ReplicaSet", seen.sets, uids, namespaces),
                                lifetimes("ReplicationController", seen.controllers, uids, namespaces),
                                lifetimes("Pod", seen.pods, uids, namespaces),
                                lifetimes("Service", seen.services, uids, namespaces),
                                lifetimes("EndpointSlice", seen.slices, uids, namespaces),
                                deployments_missing(seen),
                                pods_missing(seen),
                                services_missing(seen)};
  for (const std::string& missing : checks)
    if (!missing.empty()) return missing;
  return "";
}

}  // namespace mizzen::sim
