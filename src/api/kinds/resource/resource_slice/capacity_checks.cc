#include "api/kinds/resource/resource_slice/capacity_checks.h"

#include <fmt/format.h>

#include <set>

#include "api/kinds/resource/device_checks.h"

namespace mizzen::api {
namespace {

using codec::Quantity;
using machinery::FieldErrors;
using machinery::Path;
using resource::v1::CapacityRequestPolicyRange;

constexpr size_t kOptionsMax = 10;

void check_options(const std::vector<Quantity>& options, const Quantity& usual, const Quantity& capacity,
                   const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i + 1 < options.size(); ++i)
    if (options[i].compare(options[i + 1]) > 0)
      errors.invalid(at.index(i + 1), options[i + 1].text(), "values must be sorted in ascending order");
  bool found = false;
  if (check_size(options.size(), kOptionsMax, at, errors)) {
    for (size_t i = 0; i < options.size(); ++i) {
      if (options[i].compare(capacity) > 0)
        errors.invalid(at.index(i), options[i].text(),
                       fmt::format("option is larger than capacity value: {}", capacity.text()));
      found = found || options[i].compare(usual) == 0;
    }
    check_unique(options, at, [](const Quantity& q) { return std::to_string(q.value()); }, errors);
  }
  if (!found) errors.invalid(at, usual.text(), "default value is not valid according to the requestPolicy");
}

void check_step(const Quantity& value, const CapacityRequestPolicyRange& range, const Path& at,
                FieldErrors& errors) {
  const int64_t step = range.step->value();
  // Upstream divides by a step of zero, and fails.
  if (step != 0 && (value.value() - range.min->value()) % step == 0) return;
  errors.invalid(at, value.text(),
                 fmt::format("value is not a multiple of a given step ({}) from ({})", range.step->text(),
                             range.min->text()));
}

void check_range(const CapacityRequestPolicyRange& range, const Quantity& usual, const Quantity& capacity,
                 const Path& at, FieldErrors& errors) {
  const Path low = at.child("min"), high = at.child("max"), step = at.child("step");
  if (!range.min) return errors.required(low, "required when validRange is defined");
  const Quantity& min = *range.min;
  const auto above_capacity = [&](const char* what) {
    return fmt::format("{} is larger than capacity value: {}", what, capacity.text());
  };
  if (min.compare(capacity) > 0) errors.invalid(low, min.text(), above_capacity("min"));
  if (usual.compare(min) < 0)
    errors.invalid(low, usual.text(), fmt::format("default is less than min: {}", min.text()));
  if (range.max) {
    const Quantity& max = *range.max;
    if (min.compare(max) > 0)
      errors.invalid(high, min.text(), fmt::format("min is larger than max: {}", max.text()));
    if (max.compare(capacity) > 0) errors.invalid(high, max.text(), above_capacity("max"));
    if (usual.compare(max) > 0)
      errors.invalid(high, usual.text(), fmt::format("default is more than max: {}", max.text()));
  }
  if (!range.step) return;
  const Quantity next = min.plus(*range.step);
  if (next.compare(capacity) > 0)
    errors.invalid(step, range.step->text(), above_capacity(fmt::format("one step {}", next.text()).c_str()));
  check_step(usual, range, step, errors);
  if (range.max) check_step(*range.max, range, step, errors);
}

}  // namespace

void check_request_policy(const resource::v1::DeviceCapacity& capacity, const Path& at, FieldErrors& errors) {
  const auto& policy = *capacity.requestPolicy;
  if (!policy.validValues.empty() && policy.validRange)
    return errors.forbidden(
        at,
        R"(exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time)");
  if (!policy.validValues.empty()) {
    if (!policy.default_) return errors.required(at.child("default"), "required when validValues is defined");
    check_options(policy.validValues, *policy.default_, capacity.value, at.child("validValues"), errors);
  } else if (policy.validRange) {
    if (!policy.default_) return errors.required(at.child("default"), "required when validRange is defined");
    check_range(*policy.validRange, *policy.default_, capacity.value, at.child("validRange"), errors);
  }
}

}  // namespace mizzen::api
