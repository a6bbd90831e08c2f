#include "api/kinds/resource/claim_spec.h"

#include "api/checks/field_checks.h"
#include "api/kinds/resource/device_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace resource::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kAlternativesMax = 8, kConstraintsMax = 32;
constexpr std::string_view kAll = "All", kExactCount = "ExactCount";

void check_toleration(const DeviceToleration& t, const Path& at, FieldErrors& errors) {
  if (!t.key.empty()) check_qualified_name(t.key, at.child("key"), errors);
  if (t.operator_ == "Exists") {
    if (!t.value.empty()) errors.invalid(at.child("value"), t.value, "must be empty for operator `Exists`");
  } else if (t.operator_ == "Equal") {
    check_label_value(t.value, at.child("value"), errors);
  } else {
    check_one_of(t.operator_, at.child("operator"), {"Equal", "Exists"}, errors);
  }
  if (!t.effect.empty())
    check_one_of(t.effect, at.child("effect"), {"NoExecute", "NoSchedule", "None"}, errors);
}

/// What requests and their alternatives have in common.
template <typename T>
void check_request(const T& r, const Path& at, FieldErrors& errors) {
  if (r.deviceClassName.empty()) {
    errors.required(at.child("deviceClassName"), "");
  } else {
    check_subdomain(r.deviceClassName, at.child("deviceClassName"), errors);
  }
  check_device_selectors(r.selectors, at.child("selectors"), errors);
  if (r.allocationMode == kAll) {
    if (r.count != 0)
      errors.invalid(at.child("count"), r.count, "must not be specified when allocationMode is 'All'");
  } else if (r.allocationMode == kExactCount) {
    if (r.count <= 0) errors.invalid(at.child("count"), r.count, "must be greater than zero");
  } else {
    errors.not_supported(at.child("allocationMode"), r.allocationMode, {"All", "ExactCount"});
  }
  for (size_t i = 0; i < r.tolerations.size(); ++i)
    check_toleration(r.tolerations[i], at.child("tolerations").index(i), errors);
}

void check_alternatives(const std::vector<DeviceSubRequest>& list, const Path& at, FieldErrors& errors) {
  if (!check_size(list.size(), kAlternativesMax, at, errors)) return;
  for (size_t i = 0; i < list.size(); ++i) {
    check_label(list[i].name, at.index(i).child("name"), errors);
    check_request(list[i], at.index(i), errors);
  }
  check_unique(list, at, [](const DeviceSubRequest& r) { return r.name; }, errors);
}

void check_requests(const std::vector<DeviceRequest>& list, const Path& at, FieldErrors& errors) {
  if (!check_size(list.size(), kRequestsMax, at, errors)) return;
  for (size_t i = 0; i < list.size(); ++i) {
    const DeviceRequest& r = list[i];
    const Path here = at.index(i);
    check_label(r.name, here.child("name"), errors);
    const bool several = !r.firstAvailable.empty();
    if (!several && !r.exactly) {
      errors.required(here, "exactly one of `exactly` or `firstAvailable` is required");
    } else if (several && r.exactly) {
      errors.invalid_raw(
          here, "null",
          "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set");
    } else if (several) {
      check_alternatives(r.firstAvailable, here.child("firstAvailable"), errors);
    } else {
      check_request(*r.exactly, here.child("exactly"), errors);
    }
  }
  check_unique(list, at, [](const DeviceRequest& r) { return r.name; }, errors);
}

void check_constraint(const DeviceConstraint& c, const RequestNames& names, const Path& at,
                      FieldErrors& errors) {
  names.check_references(c.requests, at.child("requests"), errors);
  if (c.matchAttribute) {
    check_full_attribute_name(*c.matchAttribute, at.child("matchAttribute"), errors);
  } else if (c.distinctAttribute) {
    check_full_attribute_name(*c.distinctAttribute, at.child("distinctAttribute"), errors);
  } else {
    errors.required(
        at,
        R"(exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set)");
  }
}

template <typename T>
void set_request_defaults(T& r) {
  if (r.allocationMode.empty()) r.allocationMode = kExactCount;
  if (r.allocationMode == kExactCount && r.count == 0) r.count = 1;
  for (DeviceToleration& t : r.tolerations)
    if (t.operator_.empty()) t.operator_ = "Equal";
}

}  // namespace

RequestNames::RequestNames(const DeviceClaim& claim) {
  for (const DeviceRequest& r : claim.requests) {
    auto& alternatives = names_[r.name];
    alternatives.clear();
    for (const DeviceSubRequest& s : r.firstAvailable) alternatives.insert(s.name);
  }
}

bool RequestNames::has(std::string_view name) const {
  const size_t slash = name.find('/');
  const auto found = names_.find(name.substr(0, slash));
  if (found == names_.end()) return false;
  return slash == std::string_view::npos || found->second.contains(std::string(name.substr(slash + 1)));
}

void RequestNames::check_reference(const std::string& name, const Path& at, FieldErrors& errors) const {
  constexpr const char* kUnknown =
      "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const auto parts = split(name, '/');
  if (parts.size() > 2) return errors.invalid(at, name, kUnknown);
  for (const std::string_view part : parts) check_label(part, at, errors);
  if (!has(name)) errors.invalid(at, name, kUnknown);
}

void RequestNames::check_references(const std::vector<std::string>& names, const Path& at,
                                    FieldErrors& errors) const {
  if (!check_size(names.size(), kRequestsMax, at, errors)) return;
  for (size_t i = 0; i < names.size(); ++i) check_reference(names[i], at.index(i), errors);
  check_unique(names, at, [](const std::string& name) { return name; }, errors);
}

void set_claim_defaults(ResourceClaimSpec& spec) {
  for (DeviceRequest& r : spec.devices.requests) {
    if (r.exactly) set_request_defaults(*r.exactly);
    for (DeviceSubRequest& s : r.firstAvailable) set_request_defaults(s);
  }
}

void check_claim_spec(const ResourceClaimSpec& spec, const Path& at, FieldErrors& errors) {
  const DeviceClaim& claim = spec.devices;
  const Path devices = at.child("devices");
  const RequestNames names(claim);
  check_requests(claim.requests, devices.child("requests"), errors);
  const Path constraints = devices.child("constraints"), config = devices.child("config");
  if (check_size(claim.constraints.size(), kConstraintsMax, constraints, errors))
    for (size_t i = 0; i < claim.constraints.size(); ++i)
      check_constraint(claim.constraints[i], names, constraints.index(i), errors);
  if (check_size(claim.config.size(), kConfigurationsMax, config, errors))
    for (size_t i = 0; i < claim.config.size(); ++i) {
      names.check_references(claim.config[i].requests, config.index(i).child("requests"), errors);
      check_device_configuration(claim.config[i].deviceConfiguration, config.index(i), false, errors);
    }
}

}  // namespace mizzen::api
