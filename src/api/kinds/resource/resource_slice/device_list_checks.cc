#include "api/kinds/resource/resource_slice/device_list_checks.h"

#include <algorithm>

#include "api/checks/field_checks.h"
#include "api/checks/node_selector_checks.h"
#include "api/go_text/go_object.h"
#include "api/kinds/resource/device_checks.h"
#include "api/kinds/resource/resource_slice/capacity_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace resource::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kDevicesMax = 128, kSpecialDevicesMax = 64, kTaintsMax = 16, kConsumptionsMax = 2,
                 kCountersMax = 32, kCounterSetsMax = 8, kValueMax = 64, kKeyShown = 96,
                 kAttributesAndCapacitiesMax = 32, kAttributesMax = 48;

/// A key that is too long loses its middle.
std::string shown_key(const std::string& key) {
  if (key.size() <= kKeyShown) return key;
  const size_t rest = kKeyShown - 3;
  return key.substr(0, (rest + 1) / 2) + "..." + key.substr(key.size() - rest / 2);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number without zeros before it, up to `text`'s first other character, which stays.
bool take_number(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  if (n == 0 || (n > 1 && text[0] == '0')) return false;
  text.remove_prefix(n);
  return true;
}

/// Parts between dots of a pre-release or a build.
bool are_identifiers(std::string_view text, bool numbers_plain) {
  for (const std::string_view part : split(text, '.')) {
    const bool chars = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (!chars) return false;
    const bool number = std::all_of(part.begin(), part.end(), is_digit);
    if (numbers_plain && number && part.size() > 1 && part[0] == '0') return false;
  }
  return true;
}

/// Semantic versioning 2.0.0.
bool is_semver(std::string_view text) {
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && (text.empty() || text[0] != '.')) return false;
    if (i > 0) text.remove_prefix(1);
    if (!take_number(text)) return false;
  }
  const size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    if (!are_identifiers(text.substr(plus + 1), false)) return false;
    text = text.substr(0, plus);
  }
  if (text.empty()) return true;
  return text[0] == '-' && are_identifiers(text.substr(1), true);
}

void check_attribute(const DeviceAttribute& a, const Path& at, FieldErrors& errors) {
  if (a.string && a.string->size() > kValueMax) errors.too_long(at.child("string"), kValueMax);
  if (a.version) {
    const Path here = at.child("version");
    if (!is_semver(*a.version))
      errors.invalid(here, *a.version, "must be a string compatible with semver.org spec 2.0.0");
    if (a.version->size() > kValueMax) errors.too_long(here, kValueMax);
  }
  const int set = a.int_.has_value() + a.bool_.has_value() + a.string.has_value() + a.version.has_value();
  if (set == 0) errors.invalid(at, "", "exactly one value must be specified");
  if (set > 1) errors.invalid_raw(at, go_object(a), "exactly one value must be specified");
}

void check_attributes_and_capacity(const Device& d, const Path& at, FieldErrors& errors) {
  const size_t together = d.attributes.size() + d.capacity.size();
  if (together > kAttributesAndCapacitiesMax)
    errors.invalid(at, static_cast<int64_t>(together),
                   "the total number of attributes and capacities must not exceed 32");
  if (d.attributes.size() > kAttributesMax)
    errors.invalid(at, static_cast<int64_t>(d.attributes.size()),
                   "the total number of attribute values must not exceed 48");
  const Path attributes = at.child("attributes"), capacity = at.child("capacity");
  for (const auto& [name, attribute] : d.attributes) {
    check_attribute_name(name, attributes, errors);
    check_attribute(attribute, attributes.key(shown_key(name)), errors);
  }
  for (const auto& [name, amount] : d.capacity) {
    check_attribute_name(name, capacity, errors);
    if (!amount.requestPolicy) continue;
    const Path policy = capacity.key(shown_key(name)).child("requestPolicy");
    if (d.allowMultipleAllocations.value_or(false)) {
      check_request_policy(amount, policy, errors);
    } else {
      errors.forbidden(policy, "allowMultipleAllocations must be true");
    }
  }
}

void check_taints(const Device& d, const Path& at, FieldErrors& errors) {
  if (!check_size(d.taints.size(), kTaintsMax, at, errors)) return;
  for (size_t i = 0; i < d.taints.size(); ++i) {
    const DeviceTaint& t = d.taints[i];
    const Path here = at.index(i);
    check_qualified_name(t.key, here.child("key"), errors);
    if (!t.value.empty()) check_label_value(t.value, here.child("value"), errors);
    check_one_of(t.effect, here.child("effect"), {"NoExecute", "NoSchedule", "None"}, errors);
  }
}

bool same_taints(const Device& a, const Device& b) {
  return std::equal(a.taints.begin(), a.taints.end(), b.taints.begin(), b.taints.end(),
                    [](const DeviceTaint& x, const DeviceTaint& y) { return codec::equal(x, y); });
}

void check_counters(const codec::Map<Counter>& counters, const Path& at, FieldErrors& errors) {
  if (counters.empty()) return errors.required(at, "");
  if (!check_size(counters.size(), kCountersMax, at, errors)) return;
  for (const auto& [name, counter] : counters) check_label(name, at, errors);
}

void check_set_name(const std::string& name, const Path& at, FieldErrors& errors) {
  name.empty() ? errors.required(at, "") : check_label(name, at, errors);
}

void check_consumptions(const std::vector<DeviceCounterConsumption>& list, const Path& at,
                        FieldErrors& errors) {
  if (!check_size(list.size(), kConsumptionsMax, at, errors)) return;
  for (size_t i = 0; i < list.size(); ++i) {
    check_set_name(list[i].counterSet, at.index(i).child("counterSet"), errors);
    check_counters(list[i].counters, at.index(i).child("counters"), errors);
  }
  check_unique(list, at, [](const DeviceCounterConsumption& c) { return c.counterSet; }, errors);
}

/// Where a device is, for slices that leave it to each of them.
void check_place(const Device& d, const Path& at, FieldErrors& errors) {
  constexpr const char* kOne =
      "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is "
      "set to true in the ResourceSlice spec";
  std::vector<std::string> set;
  if (d.nodeName && d.nodeName->empty()) errors.invalid(at.child("nodeName"), "", "must not be empty");
  if (d.nodeName && !d.nodeName->empty()) {
    set.push_back("`nodeName`");
    check_subdomain(*d.nodeName, at.child("nodeName"), errors);
  }
  if (d.nodeSelector) {
    set.push_back("`nodeSelector`");
    check_node_selector(*d.nodeSelector, at.child("nodeSelector"), errors);
  }
  if (d.allNodes && *d.allNodes) set.push_back("`allNodes`");
  if (d.allNodes && !*d.allNodes)
    errors.invalid_raw(at.child("allNodes"), "false", "must be either unset or set to true");
  if (set.empty()) errors.required(at, kOne);
  if (set.size() > 1) errors.invalid(at, "{" + join(set, ", ") + "}", kOne);
}

void check_device(const Device& d, const Device* old, bool each_has_its_place, const Path& at,
                  FieldErrors& errors) {
  check_label(d.name, at.child("name"), errors);
  check_attributes_and_capacity(d, at, errors);
  if (!old || !same_taints(d, *old)) check_taints(d, at.child("taints"), errors);
  check_consumptions(d.consumesCounters, at.child("consumesCounters"), errors);
  if (each_has_its_place) {
    check_place(d, at, errors);
  } else if (d.nodeName || d.nodeSelector || d.allNodes) {
    errors.invalid_raw(
        at, "null",
        "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` "
        "is set to true in the ResourceSlice spec");
  }
  check_binding_conditions(d.bindingConditions, d.bindingFailureConditions, at, errors);
}

}  // namespace

void check_devices(const ResourceSliceSpec& spec, const ResourceSliceSpec* old, const Path& at,
                   FieldErrors& errors) {
  const bool special = std::any_of(spec.devices.begin(), spec.devices.end(), [](const Device& d) {
    return !d.taints.empty() || !d.consumesCounters.empty();
  });
  if (!check_size(spec.devices.size(), special ? kSpecialDevicesMax : kDevicesMax, at, errors)) return;
  const auto before = [&](const std::string& name) -> const Device* {
    if (!old) return nullptr;
    const auto it = std::find_if(old->devices.begin(), old->devices.end(),
                                 [&](const Device& d) { return d.name == name; });
    return it == old->devices.end() ? nullptr : &*it;
  };
  for (size_t i = 0; i < spec.devices.size(); ++i)
    check_device(spec.devices[i], before(spec.devices[i].name), spec.perDeviceNodeSelection.value_or(false),
                 at.index(i), errors);
  check_unique(spec.devices, at, [](const Device& d) { return d.name; }, errors);
}

void check_counter_sets(const std::vector<CounterSet>& sets, const Path& at, FieldErrors& errors) {
  if (!check_size(sets.size(), kCounterSetsMax, at, errors)) return;
  for (size_t i = 0; i < sets.size(); ++i) {
    check_set_name(sets[i].name, at.index(i).child("name"), errors);
    check_counters(sets[i].counters, at.index(i).child("counters"), errors);
  }
  check_unique(sets, at, [](const CounterSet& s) { return s.name; }, errors);
}

}  // namespace mizzen::api
