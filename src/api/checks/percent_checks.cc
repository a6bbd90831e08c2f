#include "api/checks/percent_checks.h"

#include <algorithm>

#include "api/checks/field_checks.h"
#include "base/strings.h"

namespace mizzen::api {

void check_count_or_percent(const codec::IntOrString& value, const machinery::Path& at, bool at_most_all,
                            machinery::FieldErrors& errors) {
  if (!value.is_string) return check_non_negative(value.number, at, errors);
  std::string_view digits = value.text;
  const bool percent = digits.ends_with("%");
  if (percent) digits.remove_suffix(1);
  const bool number = !digits.empty() &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!percent || !number)
    return errors.invalid(at, value.text,
                          "a valid percent string must be a numeric string followed by an ending '%' (e.g. "
                          "'1%',  or '93%', regex used for validation is '[0-9]+%')");
  const auto n = parse_int<int64_t>(digits);  // nothing where there are too many digits
  if (at_most_all && (!n || *n > 100)) errors.invalid(at, value.text, "must not be greater than 100%");
}

}  // namespace mizzen::api
