// Subresources that change one part of an object: binding, scale, eviction, finalize.
#include <fmt/format.h>

#include "api/builtin.h"
#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/replication_controller.h"
#include "apiserver/registry/core.h"
#include "base/strings.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using machinery::MutableObject;
using Scale = api::autoscaling::v1::Scale;

Error binding_conflict(const std::string& name, std::string_view why) {
  ErrorDetails details;
  details.name = name;
  details.kind = "pods/binding";
  return Error(Code::Conflict,
               fmt::format("Operation cannot be fulfilled on pods/binding {}: {}", quote(name), why),
               std::move(details));
}

void set_condition(std::vector<api::core::v1::PodCondition>& conditions, std::string_view type,
                   codec::Time now) {
  for (auto& c : conditions) {
    if (c.type != type) continue;
    if (c.status != "True") c.lastTransitionTime = now;
    c.status = "True";
    c.reason.clear();
    c.message.clear();
    return;
  }
  auto& c = conditions.emplace_back();
  c.type = type;
  c.status = "True";
  c.lastTransitionTime = now;
}

/// Reads or writes what a Scale shows of a workload. `replicas` null: read only.
template <typename T>
void scale_fields(T& object, Scale& scale, const int32_t* replicas) {
  if (replicas) object.spec.replicas = *replicas;
  scale.spec.replicas = object.spec.replicas.value_or(0);
  scale.status.replicas = object.status.replicas;
  scale.metadata.name = object.metadata.name;
  scale.metadata.namespace_ = object.metadata.namespace_;
  scale.metadata.uid = object.metadata.uid;
  scale.metadata.resourceVersion = object.metadata.resourceVersion;
  scale.metadata.creationTimestamp = object.metadata.creationTimestamp;
  if constexpr (std::is_same_v<T, api::core::v1::ReplicationController>) {
    scale.status.selector = machinery::LabelSelector::from_pairs(object.spec.selector).str();
  } else if (object.spec.selector) {
    const auto selector = machinery::LabelSelector::from(*object.spec.selector);
    if (selector.ok()) scale.status.selector = selector->str();
  }
}

bool with_scale(MutableObject& object, Scale& scale, const int32_t* replicas) {
  if (auto* d = object.as<api::apps::v1::Deployment>()) return scale_fields(*d, scale, replicas), true;
  if (auto* r = object.as<api::apps::v1::ReplicaSet>()) return scale_fields(*r, scale, replicas), true;
  if (auto* c = object.as<api::core::v1::ReplicationController>())
    return scale_fields(*c, scale, replicas), true;
  return false;
}

}  // namespace

Result<void> Core::bind(const api::core::v1::Binding& binding, const WriteContext& context) {
  ResourceStore& pods = *find(api::resource_of<Pod>());
  const std::string& name = binding.metadata.name;
  machinery::FieldErrors errors;
  const machinery::Path target("target");
  if (!binding.target.kind.empty() && binding.target.kind != "Node")
    errors.not_supported(target.child("kind"), binding.target.kind, {"Node", "<empty>"});
  if (binding.target.name.empty()) errors.required(target.child("name"), "");
  if (!errors.empty()) return errors.to_error("", "Binding", name);
  ResourceStore::UpdateOptions raw;
  raw.raw = true;
  const auto result = pods.update(
      binding.metadata.namespace_, name,
      [&](const Entry& old) -> Result<MutableObject> {
        MutableObject next(old.object());
        Pod& pod = *next.as<Pod>();
        if (!binding.metadata.uid.empty() && binding.metadata.uid != pod.metadata.uid)
          return binding_conflict(
              name, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                binding.metadata.uid, pod.metadata.uid));
        if (pod.metadata.deletionTimestamp)
          return binding_conflict(name,
                                  fmt::format("pod {} is being deleted, cannot be assigned to a host", name));
        if (!pod.spec.nodeName.empty())
          return binding_conflict(
              name, fmt::format("pod {} is already assigned to node {}", name, quote(pod.spec.nodeName)));
        if (!pod.spec.schedulingGates.empty())
          return binding_conflict(name, fmt::format("pod {} has non-empty .spec.schedulingGates", name));
        pod.spec.nodeName = binding.target.name;
        for (const auto& [key, value] : binding.metadata.annotations)
          pod.metadata.annotations.set(key, value);
        set_condition(pod.status.conditions, "PodScheduled", codec::Time::from(deps_.clock.wall()));
        return next;
      },
      raw, context);
  if (!result.ok()) return result.error();
  return {};
}

Result<Scale> Core::get_scale(const api::ResourceInfo& resource, const std::string& ns,
                              const std::string& name, Deadline deadline) {
  MZ_ASSIGN(const EntryPtr entry, find(resource)->get(ns, name, deadline));
  MutableObject object(entry->object());
  Scale scale;
  if (!with_scale(object, scale, nullptr))
    return Error(Code::NotFound, "the server could not find the requested resource");
  return scale;
}

Result<Scale> Core::put_scale(const api::ResourceInfo& resource, const std::string& ns,
                              const std::string& name, const Scale& wanted, const WriteContext& context) {
  return change_scale(resource, ns, name, [&](const Scale&) -> Result<Scale> { return wanted; }, context);
}

Result<Scale> Core::change_scale(const api::ResourceInfo& resource, const std::string& ns,
                                 const std::string& name,
                                 const std::function<Result<Scale>(const Scale&)>& change,
                                 const WriteContext& context) {
  MZ_ASSIGN(const EntryPtr entry,
            find(resource)->update(
                ns, name,
                [&](const Entry& old) -> Result<MutableObject> {
                  MutableObject next(old.object());
                  Scale present;
                  if (!with_scale(next, present, nullptr))
                    return Error(Code::NotFound, "the server could not find the requested resource");
                  MZ_ASSIGN(const Scale wanted, change(present));
                  if (wanted.spec.replicas < 0) {
                    machinery::FieldErrors errors;
                    errors.invalid(machinery::Path("spec").child("replicas"), wanted.spec.replicas,
                                   "must be greater than or equal to 0");
                    return errors.to_error("autoscaling", "Scale", name);
                  }
                  with_scale(next, present, &wanted.spec.replicas);
                  if (!wanted.metadata.uid.empty()) next.meta().uid = wanted.metadata.uid;
                  next.meta().resourceVersion = wanted.metadata.resourceVersion;
                  return next;
                },
                {}, context));
  MutableObject object(entry->object());
  Scale scale;
  with_scale(object, scale, nullptr);
  return scale;
}

Result<void> Core::evict(const std::string& ns, const std::string& name,
                         const meta::v1::DeleteOptions& options, const WriteContext& context) {
  auto r = find(api::resource_of<Pod>())->remove(ns, name, options, context);
  if (!r.ok()) return r.error();
  return {};
}

Result<EntryPtr> Core::finalize_namespace(const std::string& name, const Object& wanted,
                                          const WriteContext& context) {
  using api::core::v1::Namespace;
  ResourceStore& namespaces = *find(api::resource_of<Namespace>());
  const auto* asked = wanted.as<Namespace>();
  ResourceStore::UpdateOptions raw;
  raw.raw = true;
  MZ_ASSIGN(EntryPtr entry, namespaces.update(
                                "", name,
                                [&](const Entry& old) -> Result<MutableObject> {
                                  MutableObject next(old.object());
                                  next.as<Namespace>()->spec.finalizers = asked->spec.finalizers;
                                  next.meta().resourceVersion = asked->metadata.resourceVersion;
                                  return next;
                                },
                                raw, context));
  const auto ns = entry->object().share<Namespace>();
  if (ns->metadata.deletionTimestamp && ns->spec.finalizers.empty() && ns->metadata.finalizers.empty()) {
    // The update took it away already, unless it had nothing to write.
    auto gone = namespaces.remove("", name, {}, context);
    if (gone.ok()) return gone->entry;
    if (gone.error().code() != Code::NotFound) return gone.error();
  }
  return entry;
}

}  // namespace mizzen::apiserver
