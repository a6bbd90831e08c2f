// What may change in a pod that exists.
#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/kinds/core/pod/placement_checks.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_containers.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::string_view kMirror = "kubernetes.io/config.mirror";

void check_fixed_annotations(const Pod& pod, const Pod& old, FieldErrors& errors) {
  const Path at = Path("metadata").child("annotations");
  for (const auto& [key, value] : old.metadata.annotations) {
    const std::string* now = pod.metadata.annotations.find(key);
    if (now && *now == value) continue;
    if (key.starts_with(kAppArmor))
      errors.forbidden(at.key(key), "may not remove or update AppArmor annotations");
    if (key == kMirror) errors.forbidden(at.key(key), "may not remove or update mirror pod annotation");
  }
  for (const auto& [key, value] : pod.metadata.annotations) {
    if (old.metadata.annotations.contains(key)) continue;
    if (key.starts_with(kAppArmor)) errors.forbidden(at.key(key), "may not add AppArmor annotations");
    if (key == kMirror) errors.forbidden(at.key(key), "may not add mirror pod annotation");
  }
}

/// False where nothing more can be compared.
bool check_container_update(const std::vector<Container>& now, const std::vector<Container>& old,
                            const Path& at, FieldErrors& errors) {
  if (now.size() != old.size()) {
    errors.forbidden(at, "pod updates may not add or remove containers");
    return false;
  }
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].image.empty()) errors.required(at.index(i).child("image"), "");
    if (trim(now[i].image) != now[i].image)
      errors.invalid(at.index(i).child("image"), now[i].image,
                     "must not have leading or trailing whitespace");
  }
  return true;
}

bool check_deadline(const PodSpec& now, const PodSpec& old, const Path& at, FieldErrors& errors) {
  if (!now.activeDeadlineSeconds) {
    if (old.activeDeadlineSeconds)
      errors.invalid_raw(at, "null", "must not update from a positive integer to nil value");
    return true;
  }
  const int64_t seconds = *now.activeDeadlineSeconds;
  if (seconds < 0 || seconds > INT32_MAX) {
    errors.invalid(at, seconds, "must be between 0 and 2147483647, inclusive");
    return false;
  }
  if (!old.activeDeadlineSeconds || *old.activeDeadlineSeconds >= seconds) return true;
  errors.invalid(at, seconds, "must be less than or equal to previous value");
  return false;
}

void check_added_tolerations(const std::vector<Toleration>& now, const std::vector<Toleration>& old,
                             const Path& at, FieldErrors& errors) {
  for (const Toleration& t : old) {
    const bool kept = std::any_of(now.begin(), now.end(), [&](const Toleration& n) {
      return n.key == t.key && n.operator_ == t.operator_ && n.value == t.value && n.effect == t.effect;
    });
    if (!kept)
      return errors.forbidden(at, "existing toleration can not be modified except its tolerationSeconds");
  }
  check_tolerations(now, at, errors);
}

void check_removed_gates(const std::vector<PodSchedulingGate>& now, const std::vector<PodSchedulingGate>& old,
                         const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < now.size(); ++i) {
    const bool known = std::any_of(old.begin(), old.end(),
                                   [&](const PodSchedulingGate& o) { return o.name == now[i].name; });
    if (!known)
      errors.forbidden(at.index(i).child("name"),
                       "only deletion is allowed, but found new scheduling gate '" + now[i].name + "'");
  }
}

const std::vector<NodeSelectorTerm>* required_terms(const PodSpec& spec) {
  if (!spec.affinity || !spec.affinity->nodeAffinity) return nullptr;
  const auto& required = spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
  return required ? &required->nodeSelectorTerms : nullptr;
}

/// The old requirements first, in their order, then new ones.
bool only_adds(const std::vector<NodeSelectorRequirement>& now,
               const std::vector<NodeSelectorRequirement>& old) {
  if (now.size() < old.size()) return false;
  for (size_t i = 0; i < old.size(); ++i)
    if (!codec::equal(now[i], old[i])) return false;
  return true;
}

/// A pod that waits for its gates may be told more narrowly where to go.
void check_narrowed(PodSpec& allowed, const PodSpec& now, const PodSpec& old, FieldErrors& errors) {
  const Path at("spec");
  if (!(now.nodeSelector == old.nodeSelector)) {
    const bool kept = std::all_of(old.nodeSelector.begin(), old.nodeSelector.end(), [&](const auto& e) {
      const std::string* v = now.nodeSelector.find(e.first);
      return v && *v == e.second;
    });
    if (!kept) {
      std::string text = "{";
      for (const auto& [key, value] : now.nodeSelector)
        text += (text.size() > 1 ? "," : "") + quote(key) + ":" + quote(value);
      errors.invalid_raw(at.child("nodeSelector"), text + "}",
                         "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
    }
    allowed.nodeSelector = now.nodeSelector;
  }
  const Path terms = at.child("affinity")
                         .child("nodeAffinity")
                         .child("requiredDuringSchedulingIgnoredDuringExecution")
                         .child("nodeSelectorTerms");
  const auto* before = required_terms(old);
  const auto* after = required_terms(now);
  if (before && !before->empty()) {
    const std::vector<NodeSelectorTerm> none;
    const auto& list = after ? *after : none;
    const auto json = [](const NodeSelectorTerm& t) { return codec::to_json(t); };
    if (list.size() != before->size()) {
      std::string text = "[";
      for (const auto& t : list) text += (text.size() > 1 ? "," : "") + json(t);
      errors.invalid_raw(terms, list.empty() ? "null" : text + "]",
                         "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
    } else {
      for (size_t i = 0; i < list.size(); ++i) {
        const auto& o = (*before)[i];
        const bool empty = o.matchExpressions.empty() && o.matchFields.empty();
        const bool changed = !codec::equal(list[i], o);
        if (changed && (empty || !only_adds(list[i].matchExpressions, o.matchExpressions) ||
                        !only_adds(list[i].matchFields, o.matchFields)))
          errors.invalid_raw(terms.index(i), json(list[i]),
                             "only additions are allowed (no mutations or deletions)");
      }
    }
  }
  // The rest of the affinity has to stay as it is.
  if (now.affinity && now.affinity->nodeAffinity) {
    allowed.affinity.ensure().nodeAffinity = now.affinity->nodeAffinity;
  } else if (allowed.affinity) {
    allowed.affinity->nodeAffinity.reset();
    if (!now.affinity && !allowed.affinity->podAffinity && !allowed.affinity->podAntiAffinity)
      allowed.affinity.reset();
  }
}

bool may_restart(const PodSpec& spec, const std::vector<Container>& containers, const std::string& name,
                 int32_t exit_code) {
  for (const Container& c : containers) {
    if (c.name != name) continue;
    for (const auto& rule : c.restartPolicyRules) {
      if (!rule.exitCodes) continue;
      const auto& values = rule.exitCodes->values;
      const bool in = std::find(values.begin(), values.end(), exit_code) != values.end();
      if ((rule.exitCodes->operator_ == "In") == in) return true;
    }
    const std::string policy = c.restartPolicy.value_or(spec.restartPolicy);
    return policy == "Always" || (policy == "OnFailure" && exit_code != 0);
  }
  return false;
}

void check_transitions(const std::vector<ContainerStatus>& now, const std::vector<ContainerStatus>& old,
                       const std::vector<Container>& containers, const PodSpec& spec, const Path& at,
                       FieldErrors& errors) {
  // A rule that restarts all of them may bring any of them back.
  for (const auto& c : made_containers_of(spec))
    for (const auto& rule : c.spec.restartPolicyRules)
      if (rule.action == "RestartAllContainers") return;
  for (size_t i = 0; i < old.size(); ++i) {
    if (!old[i].state.terminated) continue;
    const auto it =
        std::find_if(now.begin(), now.end(), [&](const auto& s) { return s.name == old[i].name; });
    if (it == now.end() || it->state.terminated) continue;
    if (!may_restart(spec, containers, old[i].name, old[i].state.terminated->exitCode))
      errors.forbidden(at.index(i).child("state"), "may not be transitioned to non-terminated state");
  }
}

/// Addresses of a pod or its host: each valid (or there before), at most one of a family.
template <typename T>
void check_ips(const std::vector<T>& now, const std::vector<T>& old, const Path& at, FieldErrors& errors) {
  std::vector<std::string> all;
  std::set<std::string_view> families;
  for (size_t i = 0; i < now.size(); ++i) {
    all.push_back(now[i].ip);
    families.insert(machinery::ip_family(now[i].ip));
    if (std::any_of(old.begin(), old.end(), [&](const T& o) { return o.ip == now[i].ip; })) continue;
    check_messages(machinery::is_valid_ip(now[i].ip), at.index(i), now[i].ip, errors);
  }
  if (now.size() < 2 || (now.size() == 2 && families.size() == 2)) return;
  std::string text = "[";
  for (const std::string& ip : all)
    text += (text.size() > 1 ? "," : "") + std::string("{\"IP\":") + quote(ip) + "}";
  errors.invalid_raw(at, text + "]", "may specify no more than one IP for each IP family");
}

}  // namespace

void check_pod_update(const Pod& pod, const Pod& old, FieldErrors& errors) {
  const Path at("spec");
  const PodSpec& now = pod.spec;
  check_pod(pod, errors);
  check_fixed_annotations(pod, old, errors);
  if (!check_container_update(now.containers, old.spec.containers, at.child("containers"), errors)) return;
  if (!check_container_update(now.initContainers, old.spec.initContainers, at.child("initContainers"),
                              errors))
    return;
  if (!check_deadline(now, old.spec, at.child("activeDeadlineSeconds"), errors)) return;
  check_added_tolerations(now.tolerations, old.spec.tolerations, at.child("tolerations"), errors);
  check_removed_gates(now.schedulingGates, old.spec.schedulingGates, at.child("schedulingGates"), errors);
  // What may be otherwise, taken over from the new one, has to make the old one equal to it.
  PodSpec allowed = old.spec;
  for (size_t i = 0; i < now.containers.size(); ++i) allowed.containers[i].image = now.containers[i].image;
  for (size_t i = 0; i < now.initContainers.size(); ++i)
    allowed.initContainers[i].image = now.initContainers[i].image;
  allowed.activeDeadlineSeconds = now.activeDeadlineSeconds;
  allowed.schedulingGates = now.schedulingGates;
  allowed.tolerations = now.tolerations;
  allowed.serviceAccount = now.serviceAccount;  // the old name of serviceAccountName
  if (old.spec.terminationGracePeriodSeconds.value_or(0) < 0 &&
      now.terminationGracePeriodSeconds.value_or(0) == 1)
    allowed.terminationGracePeriodSeconds = 1;
  if (!old.spec.schedulingGates.empty()) check_narrowed(allowed, now, old.spec, errors);
  if (!codec::equal(allowed, now))
    errors.forbidden(
        at,
        "pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
        "(allow it to be set to 1 if it was previously negative)");
}

void check_ephemeral_update(const Pod& pod, const Pod& old, FieldErrors& errors) {
  if (old.metadata.annotations.contains(kMirror)) {
    errors = {};
    return errors.forbidden(Path(""), "static pods do not support ephemeral containers");
  }
  check_pod(pod, errors);
  check_fixed_annotations(pod, old, errors);
  const Path at = Path("spec").child("ephemeralContainers");
  for (const auto& before : old.spec.ephemeralContainers) {
    const auto& all = pod.spec.ephemeralContainers;
    const std::string& name = before.ephemeralContainerCommon.name;
    const auto now = std::find_if(all.begin(), all.end(),
                                  [&](const auto& e) { return e.ephemeralContainerCommon.name == name; });
    if (now == all.end()) {
      errors.forbidden(at, "existing ephemeral containers " + quote(name) + " may not be removed\n");
    } else if (!codec::equal(*now, before)) {
      errors.forbidden(at, "existing ephemeral containers " + quote(name) + " may not be changed\n");
    }
  }
}

void check_pod_status_update(const Pod& pod, const Pod& old, FieldErrors& errors) {
  const Path at("status");
  const auto& now = pod.status;
  check_fixed_annotations(pod, old, errors);
  for (size_t i = 0; i < now.conditions.size(); ++i) {
    const auto& c = now.conditions[i];
    const Path here = at.child("conditions").index(i);
    if (c.observedGeneration < 0)
      errors.invalid(here.child("observedGeneration"), c.observedGeneration,
                     "must be a non-negative integer");
    if (c.type == "PodScheduled" || c.type == "Ready" || c.type == "Initialized") continue;
    check_messages(machinery::is_qualified_name(c.type), here.child("Type"), c.type, errors);
  }
  if (now.nominatedNodeName != old.status.nominatedNodeName && !now.nominatedNodeName.empty()) {
    check_subdomain(now.nominatedNodeName, at.child("nominatedNodeName"), errors);
    if (!old.spec.nodeName.empty())
      errors.forbidden(at.child("nominatedNodeName"),
                       "may not be set on pods that are already bound to a node");
  }
  if (now.observedGeneration < 0)
    errors.invalid(at.child("observedGeneration"), now.observedGeneration, "must be a non-negative integer");
  if (now.qosClass != old.status.qosClass)
    errors.invalid(at.child("qosClass"), now.qosClass, "field is immutable");
  check_transitions(now.containerStatuses, old.status.containerStatuses, old.spec.containers, old.spec,
                    at.child("containerStatuses"), errors);
  check_transitions(now.initContainerStatuses, old.status.initContainerStatuses, old.spec.initContainers,
                    old.spec, at.child("initContainerStatuses"), errors);
  for (size_t i = 0; i < old.status.ephemeralContainerStatuses.size(); ++i) {
    const auto& before = old.status.ephemeralContainerStatuses[i];
    for (const auto& after : now.ephemeralContainerStatuses)
      if (before.state.terminated && after.name == before.name && !after.state.terminated)
        errors.forbidden(at.child("ephemeralContainerStatuses").index(i).child("state"),
                         "may not be transitioned to non-terminated state");
  }
  check_ips(now.podIPs, old.status.podIPs, at.child("podIPs"), errors);
  if (!now.hostIPs.empty() && now.hostIP != now.hostIPs[0].ip)
    errors.invalid(at.child("hostIPs").index(0).child("ip"), now.hostIPs[0].ip, "must be equal to `hostIP`");
  check_ips(now.hostIPs, old.status.hostIPs, at.child("hostIPs"), errors);
}

}  // namespace mizzen::api
