// Amounts of resources: names, values, and how requests and limits fit together.
#include "api/checks/resource_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/field_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using codec::Quantity;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kHugePages = "hugepages-";
constexpr std::string_view kStandard[] = {"cpu",
                                          "memory",
                                          "ephemeral-storage",
                                          "requests.cpu",
                                          "requests.memory",
                                          "requests.ephemeral-storage",
                                          "limits.cpu",
                                          "limits.memory",
                                          "limits.ephemeral-storage",
                                          "pods",
                                          "resourcequotas",
                                          "services",
                                          "replicationcontrollers",
                                          "secrets",
                                          "configmaps",
                                          "persistentvolumeclaims",
                                          "storage",
                                          "requests.storage",
                                          "services.nodeports",
                                          "services.loadbalancers"};
constexpr std::string_view kCounted[] = {"pods",
                                         "resourcequotas",
                                         "services",
                                         "secrets",
                                         "configmaps",
                                         "replicationcontrollers",
                                         "services.nodeports",
                                         "services.loadbalancers",
                                         "persistentvolumeclaims"};

template <size_t N>
bool in(const std::string_view (&list)[N], std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool is_native(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}

void check_container_resource_name(const std::string& name, const Path& at, FieldErrors& errors) {
  const auto messages = machinery::is_qualified_name(name);
  check_messages(messages, at, name, errors);
  const bool plain = name.find('/') == std::string::npos;
  if (messages.empty() && plain && !in(kStandard, name) && !name.starts_with(kHugePages) &&
      !name.starts_with("requests.hugepages-"))
    errors.invalid(at, name, "must be a standard resource type or fully qualified");
  if (plain) {
    if (name != "cpu" && name != "memory" && name != "ephemeral-storage" && !name.starts_with(kHugePages))
      errors.invalid(at, name, "must be a standard resource for containers");
  } else if (!is_native(name) && !is_extended_resource(name)) {
    errors.invalid(at, name, "doesn't follow extended resource name standard");
  }
}

void check_huge_pages(const std::string& name, const Quantity& amount, const Path& at, FieldErrors& errors) {
  const auto size = Quantity::parse(std::string_view(name).substr(kHugePages.size()));
  if (size.ok() && size->value() > 0 && amount.value() > 0 && amount.value() % size->value() == 0) return;
  errors.invalid(at, amount.text(),
                 fmt::format("{} is not positive integer multiple of {}", amount.text(), name));
}

void check_claims(const std::vector<ResourceClaim>& claims, const std::set<std::string>& names,
                  const Path& at, FieldErrors& errors) {
  std::set<std::string> seen;
  for (size_t i = 0; i < claims.size(); ++i) {
    const auto& c = claims[i];
    const Path here = at.index(i);
    if (c.name.empty()) {
      errors.required(here.child("name"), "");
      continue;
    }
    const std::string key = c.request.empty() ? c.name : c.name + "/" + c.request;
    if (!seen.insert(key).second) errors.duplicate(here, key);
    if (!c.request.empty()) check_label(c.request, here.child("request"), errors);
    if (names.contains(c.name)) continue;
    errors.not_found(here, c.name,
                     names.empty() ? "must be one of the names in pod.spec.resourceClaims which is empty"
                                   : "must be one of the names in pod.spec.resourceClaims: " +
                                         join({names.begin(), names.end()}, ", "));
  }
}

}  // namespace

bool is_extended_resource(std::string_view name) {
  return !is_native(name) && !name.starts_with("requests.") &&
         machinery::is_qualified_name("requests." + std::string(name)).empty();
}

void check_quantity(std::string_view resource, const Quantity& amount, const Path& at, FieldErrors& errors) {
  if (amount.negative()) errors.invalid(at, amount.text(), "must be greater than or equal to 0");
  if ((in(kCounted, resource) || is_extended_resource(resource)) && amount.milli_value() % 1000 != 0)
    errors.invalid(at, amount.text(), "must be an integer");
}

void check_resources(const ResourceRequirements& r, const std::set<std::string>& claims, const Path& at,
                     FieldErrors& errors) {
  bool compute = false, huge = false;
  const auto one = [&](const std::string& name, const Quantity& amount, const Path& here) {
    check_container_resource_name(name, here, errors);
    check_quantity(name, amount, here, errors);
    if (name == "cpu" || name == "memory") compute = true;
  };
  for (const auto& [name, amount] : r.limits) {
    const Path here = at.child("limits").key(name);
    one(name, amount, here);
    if (!name.starts_with(kHugePages)) continue;
    huge = true;
    check_huge_pages(name, amount, here, errors);
  }
  for (const auto& [name, amount] : r.requests) {
    const Path here = at.child("requests").key(name);
    one(name, amount, here);
    const bool overcommit = is_native(name) && !name.starts_with(kHugePages);
    if (const Quantity* limit = r.limits.find(name)) {
      if (!overcommit && amount.compare(*limit) != 0)
        errors.invalid(at.child("requests"), amount.text(),
                       fmt::format("must be equal to {} limit of {}", name, limit->text()));
      else if (amount.compare(*limit) > 0)
        errors.invalid(at.child("requests"), amount.text(),
                       fmt::format("must be less than or equal to {} limit of {}", name, limit->text()));
    } else if (!overcommit) {
      errors.required(at.child("limits"), "Limit must be set for non overcommitable resources");
    }
    if (!name.starts_with(kHugePages)) continue;
    huge = true;
    check_huge_pages(name, amount, here, errors);
  }
  if (huge && !compute) errors.forbidden(at, "HugePages require cpu or memory");
  check_claims(r.claims, claims, at.child("claims"), errors);
}

void check_pod_resources(const PodSpec& spec, const std::set<std::string>& claims, const Path& at,
                         FieldErrors& errors) {
  if (!spec.resources) return;
  const auto& r = *spec.resources;
  const Path here = at.child("resources");
  if (spec.os && spec.os->name == "windows") errors.forbidden(here, "may not be set for a windows pod");
  if (!r.claims.empty())
    errors.forbidden(here.child("claims"), "claims may not be set for Resources at pod-level");
  check_resources(r, claims, here, errors);
  const auto allowed = [&](const codec::Map<Quantity>& list, const char* name) {
    for (const auto& [resource, amount] : list)
      if (resource != "cpu" && resource != "memory" && !resource.starts_with(kHugePages))
        errors.not_supported(here.child(name).key(resource), resource, {"cpu", "hugepages-", "memory"});
  };
  allowed(r.limits, "limits");
  allowed(r.requests, "requests");
  for (const auto& [name, amount] : r.requests) {
    int64_t sum = 0;
    for (const Container& c : spec.containers)
      if (const Quantity* q = c.resources.requests.find(name)) sum += q->milli_value();
    if (sum > amount.milli_value())
      errors.invalid(here.child("requests").key(name), amount.text(),
                     fmt::format("must be greater than or equal to aggregate container requests of {}",
                                 Quantity::of_milli(sum).text()));
  }
  for (size_t i = 0; i < spec.containers.size(); ++i)
    for (const auto& [name, limit] : spec.containers[i].resources.limits) {
      const Quantity* whole = r.limits.find(name);
      if (whole && limit.compare(*whole) > 0)
        errors.invalid(here.child("containers").index(i).key(name).child("limits"), limit.text(),
                       fmt::format("must be less than or equal to pod limits of {}", whole->text()));
    }
}

}  // namespace mizzen::api
