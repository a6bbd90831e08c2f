// Affinities, tolerations and spreading of pods.
#include "api/kinds/core/pod/placement_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/node_selector_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

void check_weight(int32_t weight, const Path& at, FieldErrors& errors) {
  if (weight < 1 || weight > 100) errors.invalid(at.child("weight"), weight, "must be in the range 1-100");
}

/// Keys whose values the pod's own labels give. They stand in the selector too by the time of the check.
void check_label_keys(const std::vector<std::string>& match, const std::vector<std::string>& mismatch,
                      const codec::Box<meta::v1::LabelSelector>& selector, const Path& at,
                      FieldErrors& errors) {
  const auto names = [&](const std::vector<std::string>& keys, const char* name) {
    if (keys.empty()) return;
    if (!selector)
      return errors.forbidden(at.child(name), "must not be specified when labelSelector is not set");
    for (size_t i = 0; i < keys.size(); ++i)
      check_messages(machinery::is_qualified_name(keys[i]), at.child(name).index(i), keys[i], errors);
  };
  names(match, "matchLabelKeys");
  names(mismatch, "mismatchLabelKeys");
  if (selector) {
    std::set<std::string> seen;
    for (const auto& [key, value] : selector->matchLabels) seen.insert(key);
    for (const auto& expression : selector->matchExpressions) {
      const auto it = std::find(match.rbegin(), match.rend(), expression.key);
      if (it != match.rend() && seen.contains(expression.key))
        errors.invalid(at.index(static_cast<size_t>(match.rend() - it) - 1), expression.key,
                       "exists in both matchLabelKeys and labelSelector");
      seen.insert(expression.key);
    }
  }
  for (size_t i = 0; i < match.size(); ++i)
    if (std::find(mismatch.begin(), mismatch.end(), match[i]) != mismatch.end())
      errors.invalid(at.child("matchLabelKeys").index(i), match[i],
                     "exists in both matchLabelKeys and mismatchLabelKeys");
}

void check_pod_term(const PodAffinityTerm& term, const Path& at, FieldErrors& errors) {
  check_label_selector(term.labelSelector, at.child("labelSelector"), errors);
  check_label_selector(term.namespaceSelector, at.child("namespaceSelector"), errors);
  for (const std::string& ns : term.namespaces) check_label(ns, at.child("namespace"), errors);
  check_label_keys(term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector, at, errors);
  if (term.topologyKey.empty()) errors.required(at.child("topologyKey"), "can not be empty");
  check_messages(machinery::is_qualified_name(term.topologyKey), at.child("topologyKey"), term.topologyKey,
                 errors);
}

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

/// PodAffinity and PodAntiAffinity are alike.
template <typename T>
void check_pod_affinity(const T& affinity, const Path& at, FieldErrors& errors) {
  const auto& required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const auto& preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < required.size(); ++i)
    check_pod_term(required[i], at.child(kRequired).index(i), errors);
  for (size_t i = 0; i < preferred.size(); ++i) {
    const Path here = at.child(kPreferred).index(i);
    check_weight(preferred[i].weight, here, errors);
    check_pod_term(preferred[i].podAffinityTerm, here.child("podAffinityTerm"), errors);
  }
}

}  // namespace

void check_affinity(const Affinity& affinity, const Path& at, FieldErrors& errors) {
  if (affinity.nodeAffinity) {
    const auto& node = *affinity.nodeAffinity;
    const Path here = at.child("nodeAffinity");
    if (node.requiredDuringSchedulingIgnoredDuringExecution) {
      check_node_selector(*node.requiredDuringSchedulingIgnoredDuringExecution, here.child(kRequired),
                          errors);
    }
    const auto& preferred = node.preferredDuringSchedulingIgnoredDuringExecution;
    for (size_t i = 0; i < preferred.size(); ++i) {
      const Path where = here.child(kPreferred).index(i);
      check_weight(preferred[i].weight, where, errors);
      check_node_term(preferred[i].preference, false, where.child("preference"), errors);
    }
  }
  if (affinity.podAffinity) check_pod_affinity(*affinity.podAffinity, at.child("podAffinity"), errors);
  if (affinity.podAntiAffinity)
    check_pod_affinity(*affinity.podAntiAffinity, at.child("podAntiAffinity"), errors);
}

void check_tolerations(const std::vector<Toleration>& tolerations, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const Toleration& t = tolerations[i];
    const Path here = at.index(i);
    if (!t.key.empty()) check_messages(machinery::is_qualified_name(t.key), here.child("key"), t.key, errors);
    if (t.key.empty() && t.operator_ != "Exists")
      errors.invalid(
          here.child("operator"), t.operator_,
          "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    if (t.tolerationSeconds && t.effect != "NoExecute")
      errors.invalid(here.child("effect"), t.effect,
                     "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (t.operator_ == "Equal" || t.operator_.empty()) {
      const auto messages = machinery::is_valid_label_value(t.value);
      if (!messages.empty()) errors.invalid(here.child("operator"), t.value, join(messages, ";"));
    } else if (t.operator_ == "Exists") {
      if (!t.value.empty())
        errors.invalid(here.child("operator"), t.value, "value must be empty when `operator` is 'Exists'");
    } else if (t.operator_ == "Lt" || t.operator_ == "Gt") {
      // Behind a gate that is closed; the list names them all the same.
      errors.not_supported(here.child("operator"), t.operator_, {"Equal", "Exists", "Lt", "Gt"});
    } else {
      errors.not_supported(here.child("operator"), t.operator_, {"Equal", "Exists"});
    }
    if (!t.effect.empty())
      check_one_of(t.effect, here.child("effect"), {"NoSchedule", "PreferNoSchedule", "NoExecute"}, errors);
  }
}

void check_spread(const std::vector<TopologySpreadConstraint>& constraints, const Path& at,
                  FieldErrors& errors) {
  for (size_t i = 0; i < constraints.size(); ++i) {
    const auto& c = constraints[i];
    const Path here = at.index(i);
    if (c.maxSkew <= 0) errors.invalid(here.child("maxSkew"), c.maxSkew, "must be greater than zero");
    if (c.topologyKey.empty()) errors.required(here.child("topologyKey"), "can not be empty");
    if (c.whenUnsatisfiable != "DoNotSchedule" && c.whenUnsatisfiable != "ScheduleAnyway")
      errors.not_supported(here.child("whenUnsatisfiable"), c.whenUnsatisfiable,
                           {"DoNotSchedule", "ScheduleAnyway"});
    const bool again =
        std::any_of(constraints.begin() + static_cast<ptrdiff_t>(i) + 1, constraints.end(),
                    [&](const TopologySpreadConstraint& o) {
                      return o.topologyKey == c.topologyKey && o.whenUnsatisfiable == c.whenUnsatisfiable;
                    });
    if (again)
      errors.duplicate(here.child("{topologyKey, whenUnsatisfiable}"),
                       fmt::format("{{{}, {}}}", c.topologyKey, c.whenUnsatisfiable));
    if (c.minDomains) {
      if (*c.minDomains <= 0)
        errors.invalid(here.child("minDomains"), *c.minDomains, "must be greater than zero");
      if (c.whenUnsatisfiable != "DoNotSchedule")
        errors.invalid(
            here.child("minDomains"), *c.minDomains,
            "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + c.whenUnsatisfiable);
    }
    check_optional_of(c.nodeAffinityPolicy, here.child("nodeAffinityPolicy"), {"Honor", "Ignore"}, errors);
    check_optional_of(c.nodeTaintsPolicy, here.child("nodeTaintsPolicy"), {"Honor", "Ignore"}, errors);
    check_label_keys(c.matchLabelKeys, {}, c.labelSelector, here, errors);
    check_label_selector(c.labelSelector, here.child("labelSelector"), errors);
  }
}

}  // namespace mizzen::api
