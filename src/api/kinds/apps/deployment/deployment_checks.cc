#include "api/kinds/apps/deployment/deployment_checks.h"

#include "api/checks/field_checks.h"
#include "base/strings.h"

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
  const auto check = [&](const std::optional<codec::IntOrString>& v, const Path& where, bool percent_max) {
    if (!v) return;
    if (!v->is_string) return check_non_negative(v->number, where, errors);
    std::string_view text = v->text;
    const bool percent = !text.empty() && text.back() == '%';
    if (percent) text.remove_suffix(1);
    const auto n = parse_int<int32_t>(text);
    if (!percent || !n || *n < 0) {
      errors.invalid(where, v->text,
                     "a valid percent string must be a numeric string followed by an ending '%' (e.g. "
                     "'1%',  or '93%', regex used for validation is '[0-9]+%')");
    } else if (percent_max && *n > 100) {
      errors.invalid(where, v->text, "must not be greater than 100%");
    }
  };
  check(s.rollingUpdate->maxUnavailable, rolling.child("maxUnavailable"), true);
  check(s.rollingUpdate->maxSurge, rolling.child("maxSurge"), false);
  if (zero(s.rollingUpdate->maxUnavailable) && zero(s.rollingUpdate->maxSurge))
    errors.invalid(rolling.child("maxUnavailable"), s.rollingUpdate->maxUnavailable->str(),
                   "may not be 0 when `maxSurge` is 0");
}

}  // namespace mizzen::api
