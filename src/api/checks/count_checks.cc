#include "api/checks/count_checks.h"

#include "api/checks/field_checks.h"

namespace mizzen::api {

void check_status_counts(const Counts& c, machinery::FieldErrors& errors) {
  const machinery::Path at("status");
  for (const auto& [name, value] : c.all) check_non_negative(value, at.child(name), errors);
  for (const auto& [name, value] : c.parts)
    if (value > c.replicas) errors.invalid(at.child(name), value, "cannot be greater than status.replicas");
  if (c.available > c.ready)
    errors.invalid(at.child("availableReplicas"), c.available, "cannot be greater than readyReplicas");
}

}  // namespace mizzen::api
