#include "api/kinds/apps/deployment/deployment_checks.h"

#include "api/checks/percent_checks.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;

}  // namespace

void check_deployment_strategy(const apps::v1::DeploymentStrategy& s, const Path& at, FieldErrors& errors) {
  if (s.type == "Recreate") {
    if (s.rollingUpdate)
      errors.forbidden(at.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (s.type != "RollingUpdate") {
    errors.not_supported(at.child("type"), s.type, {"Recreate", "RollingUpdate"});
    return;
  }
  const Path rolling = at.child("rollingUpdate");
  const auto zero = [](const std::optional<codec::IntOrString>& v) {
    return v && (v->is_string ? v->text == "0%" : v->number == 0);
  };
  const auto& unavailable = s.rollingUpdate->maxUnavailable;
  const auto& surge = s.rollingUpdate->maxSurge;
  if (unavailable) check_count_or_percent(*unavailable, rolling.child("maxUnavailable"), true, errors);
  if (surge) check_count_or_percent(*surge, rolling.child("maxSurge"), false, errors);
  if (zero(s.rollingUpdate->maxUnavailable) && zero(s.rollingUpdate->maxSurge))
    errors.invalid(rolling.child("maxUnavailable"), s.rollingUpdate->maxUnavailable->str(),
                   "may not be 0 when `maxSurge` is 0");
}

}  // namespace mizzen::api
