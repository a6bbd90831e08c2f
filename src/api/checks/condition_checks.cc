#include "api/checks/condition_checks.h"

#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kReasonMax = 1024, kMessageMax = 32 * 1024;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

bool is_reason(std::string_view text) {
  return is_letter(text.front()) && is_word(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == ',' || c == ':'; });
}

void check_reason(const std::string& reason, const Path& at, FieldErrors& errors) {
  if (reason.empty()) return errors.required(at, "");
  if (!is_reason(reason))
    errors.invalid(
        at, reason,
        "a condition reason must start with alphabetic character, optionally followed by a string "
        "of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' "
        "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or "
        "'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')");
  if (reason.size() > kReasonMax) errors.too_long(at, kReasonMax);
}

}  // namespace

void check_conditions(const std::vector<meta::v1::Condition>& conditions, const Path& at,
                      FieldErrors& errors) {
  std::set<std::string_view> types;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const meta::v1::Condition& c = conditions[i];
    const Path here = at.index(i);
    if (!types.insert(c.type).second) errors.duplicate(here.child("type"), c.type);
    check_qualified_name(c.type, here.child("type"), errors);
    if (c.status != "True" && c.status != "False" && c.status != "Unknown")
      errors.not_supported(here.child("status"), c.status, {"False", "True", "Unknown"});
    if (c.observedGeneration < 0)
      errors.invalid(here.child("observedGeneration"), c.observedGeneration,
                     "must be greater than or equal to zero");
    if (!c.lastTransitionTime.is_set()) errors.required(here.child("lastTransitionTime"), "");
    check_reason(c.reason, here.child("reason"), errors);
    if (c.message.size() > kMessageMax) errors.too_long(here.child("message"), kMessageMax);
  }
}

}  // namespace mizzen::api
