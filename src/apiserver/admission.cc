// What happens to an object between defaulting and validation: upstream's built-in admission plug-ins that
// are on by default and concern the kinds served here.
#include <fmt/format.h>

#include <algorithm>

#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/core.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;

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

Result<void> Core::admit(const api::ResourceInfo& resource, machinery::MutableObject& object,
                         const Entry* old, const WriteContext& context) {
  if (!old && resource.namespaced) MZ_TRY(admit_namespace(resource, object.meta()));
  if (resource.kind == "Service" && resource.group().empty()) return admit_service(object, old, context);
  Pod* pod = object.as<Pod>();
  if (!pod || old) return {};

  // ServiceAccount
  if (pod->spec.serviceAccountName.empty()) pod->spec.serviceAccountName = "default";
  pod->spec.serviceAccount = pod->spec.serviceAccountName;
  const bool mirror = pod->metadata.annotations.contains("kubernetes.io/config.mirror");
  if (!mirror) {
    const ResourceStore* accounts =
        find(*deps_.registry.find_message(api::core::v1::ServiceAccount::descriptor()));
    if (!accounts->cache().find(entry_key(pod->metadata.namespace_, pod->spec.serviceAccountName)))
      return forbidden(resource, pod->metadata.name.empty() ? pod->metadata.generateName : pod->metadata.name,
                       fmt::format("error looking up service account {}/{}: serviceaccount {} not found",
                                   pod->metadata.namespace_, pod->spec.serviceAccountName,
                                   quote(pod->spec.serviceAccountName)));
  }

  // Priority
  int32_t priority = 0;
  std::string preemption = "PreemptLowerPriority";
  ResourceStore* classes =
      find(*deps_.registry.find_message(api::scheduling::v1::PriorityClass::descriptor()));
  if (!pod->spec.priorityClassName.empty()) {
    const EntryPtr entry = classes->cache().find(pod->spec.priorityClassName);
    if (!entry)
      return forbidden(resource, pod->metadata.name,
                       fmt::format("no PriorityClass with name {} was found", pod->spec.priorityClassName));
    const auto c = entry->object().share<api::scheduling::v1::PriorityClass>();
    priority = c->value;
    preemption = c->preemptionPolicy.value_or(preemption);
  } else {
    for (const EntryPtr& entry : classes->cache().list({}, "", 0).entries) {
      const auto c = entry->object().share<api::scheduling::v1::PriorityClass>();
      if (!c->globalDefault) continue;
      pod->spec.priorityClassName = c->metadata.name;
      priority = c->value;
      preemption = c->preemptionPolicy.value_or(preemption);
    }
  }
  if (pod->spec.priority && *pod->spec.priority != priority)
    return forbidden(
        resource, pod->metadata.name,
        fmt::format("the integer value of priority ({}) must not be provided in pod spec; priority admission "
                    "controller computed {} from the given PriorityClass name",
                    *pod->spec.priority, priority));
  pod->spec.priority = priority;
  if (!pod->spec.preemptionPolicy) pod->spec.preemptionPolicy = preemption;
  default_tolerations(*pod);
  return {};
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
