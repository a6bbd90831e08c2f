// What happens to an object between defaulting and validation: upstream's built-in admission plug-ins that
// are on by default and concern the kinds served here.
#include <fmt/format.h>

#include <algorithm>

#include "api/builtin.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/registry/core.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using api::scheduling::v1::PriorityClass;

Error forbidden(const api::ResourceInfo& r, std::string_view name, std::string_view why,
                std::vector<Cause> causes = {}) {
  ErrorDetails details;
  details.name = name;
  details.group = r.group();
  details.kind = r.plural;
  details.causes = std::move(causes);
  const std::string what = name.empty() ? r.qualified() : fmt::format("{} {}", r.qualified(), quote(name));
  return Error(Code::Forbidden, fmt::format("{} is forbidden: {}", what, why), std::move(details));
}

/// DefaultTolerationSeconds: pods stay five minutes on a node that is lost.
void default_tolerations(Pod& pod) {
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    bool there = false;
    for (const auto& t : pod.spec.tolerations)
      there |= (t.key == key || t.key.empty()) && (t.effect == "NoExecute" || t.effect.empty());
    if (there) continue;
    auto& t = pod.spec.tolerations.emplace_back();
    t.key = key;
    t.operator_ = "Exists";
    t.effect = "NoExecute";
    t.tolerationSeconds = 300;
  }
}

}  // namespace

Result<void> Core::timed(AdmissionMetrics::Part part, bool create,
                         const std::function<Result<void>()>& f) const {
  if (!admission_metrics_) return f();
  const Monotonic since = deps_.clock.monotonic();
  auto out = f();
  admission_metrics_->record(part, create, !out.ok(), deps_.clock.monotonic() - since);
  return out;
}

Result<void> Core::admit(const api::ResourceInfo& resource, machinery::MutableObject& object,
                         const Entry* old) {
  return timed(AdmissionMetrics::Part::Whole, old == nullptr,
               [&] { return admit_parts(resource, object, old); });
}

Result<void> Core::admit_parts(const api::ResourceInfo& resource, machinery::MutableObject& object,
                               const Entry* old) {
  using Part = AdmissionMetrics::Part;
  if (!old && resource.namespaced)
    MZ_TRY(timed(Part::NamespaceLifecycle, true, [&] { return admit_namespace(resource, object.meta()); }));
  if (resource.kind == "PriorityClass") return admit_priority_class(resource, object, old);
  Pod* pod = object.as<Pod>();
  if (!pod) return {};
  if (old) {
    // What a creation was given stays where an update leaves it out.
    const auto before = old->object().share<Pod>();
    if (!pod->spec.priority) pod->spec.priority = before->spec.priority;
    if (!pod->spec.preemptionPolicy) pod->spec.preemptionPolicy = before->spec.preemptionPolicy;
    return timed(Part::DefaultTolerationSeconds, false, [&]() -> Result<void> {
      default_tolerations(*pod);
      return {};
    });
  }
  MZ_TRY(timed(Part::ServiceAccount, true, [&] { return admit_account(resource, *pod); }));
  MZ_TRY(timed(Part::Priority, true, [&] { return admit_priority(resource, *pod); }));
  return timed(Part::DefaultTolerationSeconds, true, [&]() -> Result<void> {
    default_tolerations(*pod);
    return {};
  });
}

Result<void> Core::admit_account(const api::ResourceInfo& resource, Pod& pod) {
  if (pod.spec.serviceAccountName.empty()) pod.spec.serviceAccountName = "default";
  pod.spec.serviceAccount = pod.spec.serviceAccountName;
  if (pod.metadata.annotations.contains("kubernetes.io/config.mirror")) return {};
  const ResourceStore* accounts =
      find(*deps_.registry.find_message(api::core::v1::ServiceAccount::descriptor()));
  if (accounts->cache().find(entry_key(pod.metadata.namespace_, pod.spec.serviceAccountName))) return {};
  return forbidden(
      resource, pod.metadata.name.empty() ? pod.metadata.generateName : pod.metadata.name,
      fmt::format("error looking up service account {}/{}: serviceaccount {} not found",
                  pod.metadata.namespace_, pod.spec.serviceAccountName, quote(pod.spec.serviceAccountName)));
}

/// The class that pods without one get; of several, which only a race can make, the one with the lowest
/// value.
std::shared_ptr<const PriorityClass> Core::default_priority_class() {
  std::shared_ptr<const PriorityClass> out;
  for (const EntryPtr& entry : find(api::resource_of<PriorityClass>())->cache().list({}, "", 0).entries) {
    auto c = entry->object().share<PriorityClass>();
    if (c->globalDefault && (!out || c->value < out->value)) out = std::move(c);
  }
  return out;
}

Result<void> Core::admit_priority(const api::ResourceInfo& resource, Pod& pod) {
  std::shared_ptr<const PriorityClass> c;
  if (pod.spec.priorityClassName.empty()) {
    c = default_priority_class();
    if (c) pod.spec.priorityClassName = c->metadata.name;
  } else {
    const EntryPtr entry = find(api::resource_of<PriorityClass>())->cache().find(pod.spec.priorityClassName);
    if (!entry)
      return forbidden(resource, pod.metadata.name,
                       fmt::format("no PriorityClass with name {} was found", pod.spec.priorityClassName));
    c = entry->object().share<PriorityClass>();
  }
  const int32_t priority = c ? c->value : 0;
  const std::string preemption =
      c ? c->preemptionPolicy.value_or("PreemptLowerPriority") : "PreemptLowerPriority";
  if (pod.spec.priority && *pod.spec.priority != priority)
    return forbidden(
        resource, pod.metadata.name,
        fmt::format("the integer value of priority ({}) must not be provided in pod spec; priority admission "
                    "controller computed {} from the given PriorityClass name",
                    *pod.spec.priority, priority));
  if (pod.spec.preemptionPolicy && *pod.spec.preemptionPolicy != preemption)
    return forbidden(
        resource, pod.metadata.name,
        fmt::format("the string value of PreemptionPolicy ({}) must not be provided in pod spec; "
                    "priority admission controller computed {} from the given PriorityClass name",
                    *pod.spec.preemptionPolicy, preemption));
  pod.spec.priority = priority;
  pod.spec.preemptionPolicy = preemption;
  return {};
}

/// One class may be everybody's default.
Result<void> Core::admit_priority_class(const api::ResourceInfo& resource,
                                        const machinery::MutableObject& object, const Entry* old) {
  const PriorityClass& wanted = *object.as<PriorityClass>();
  if (!wanted.globalDefault) return {};
  const auto present = default_priority_class();
  if (!present || (old && present->metadata.name == wanted.metadata.name)) return {};
  return forbidden(resource, wanted.metadata.name,
                   fmt::format("PriorityClass {} is already marked as default. Only one default can exist",
                               present->metadata.name));
}

/// NamespaceLifecycle: nothing is made in a namespace that is not there or is going.
Result<void> Core::admit_namespace(const api::ResourceInfo& resource, const meta::v1::ObjectMeta& meta) {
  ResourceStore* namespaces = find(*deps_.registry.find_message(api::core::v1::Namespace::descriptor()));
  EntryPtr entry = namespaces->cache().find(meta.namespace_);
  if (!entry) {
    auto got = namespaces->get("", meta.namespace_, Deadline::after(std::chrono::seconds(2)));
    if (!got.ok()) return got.error();
    entry = std::move(*got);
  }
  const auto ns = entry->object().share<api::core::v1::Namespace>();
  if (ns->status.phase != "Terminating" && !ns->metadata.deletionTimestamp) return {};
  return forbidden(resource, meta.name,
                   fmt::format("unable to create new content in namespace {} because it is being terminated",
                               meta.namespace_),
                   {{"NamespaceTerminating", fmt::format("namespace {} is being terminated", meta.namespace_),
                     "metadata.namespace"}});
}

}  // namespace mizzen::apiserver
