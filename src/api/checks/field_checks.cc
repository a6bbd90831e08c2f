#include "api/checks/field_checks.h"

#include <algorithm>

#include "api/checks/object_meta_checks.h"
#include "base/strings.h"

namespace mizzen::api {

using machinery::FieldErrors;
using machinery::Path;

void check_messages(const machinery::Messages& messages, const Path& at, std::string_view value,
                    FieldErrors& errors) {
  for (const std::string& m : messages) errors.invalid(at, value, m);
}

void check_one_of(std::string_view value, const Path& at, std::initializer_list<const char*> allowed,
                  FieldErrors& errors) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  if (value.empty()) return errors.required(at, "");
  errors.not_supported(at, value, {allowed.begin(), allowed.end()});
}

void check_optional_of(const std::optional<std::string>& value, const Path& at,
                       std::initializer_list<const char*> allowed, FieldErrors& errors) {
  if (!value || std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return;
  errors.not_supported(at, *value, {allowed.begin(), allowed.end()});
}

void check_non_negative(int64_t value, const Path& at, FieldErrors& errors) {
  if (value < 0) errors.invalid(at, value, "must be greater than or equal to 0");
}

void check_port(int64_t port, const Path& at, FieldErrors& errors) {
  for (const std::string& m : machinery::is_valid_port_num(port)) errors.invalid(at, port, m);
}

void check_subdomain(std::string_view value, const Path& at, FieldErrors& errors) {
  check_messages(machinery::is_dns1123_subdomain(value), at, value, errors);
}

void check_label(std::string_view value, const Path& at, FieldErrors& errors) {
  check_messages(machinery::is_dns1123_label(value), at, value, errors);
}

void check_qualified_name(std::string_view value, const Path& at, FieldErrors& errors) {
  check_messages(machinery::is_qualified_name(value), at, value, errors);
}

void check_label_value(std::string_view value, const Path& at, FieldErrors& errors) {
  check_messages(machinery::is_valid_label_value(value), at, value, errors);
}

void check_driver_name(std::string_view value, const Path& at, FieldErrors& errors) {
  constexpr size_t kDriverNameMax = 63;
  if (value.empty()) return errors.required(at, "");
  if (value.size() > kDriverNameMax) errors.too_long(at, kDriverNameMax);
  check_messages(machinery::is_dns1123_subdomain(to_lower(value)), at, value, errors);
}

void check_id(std::optional<int64_t> id, const Path& at, FieldErrors& errors) {
  if (id && (*id < 0 || *id > INT32_MAX))
    errors.invalid(at, *id, "must be between 0 and 2147483647, inclusive");
}

void check_no_backsteps(std::string_view path, const Path& at, FieldErrors& errors) {
  for (const std::string_view part : split(path, '/'))
    if (part == "..") return errors.invalid(at, path, "must not contain '..'");
}

void check_descending_path(std::string_view path, const Path& at, FieldErrors& errors) {
  if (path.starts_with("/")) errors.invalid(at, path, "must be a relative path");
  check_no_backsteps(path, at, errors);
}

void check_local_path(std::string_view path, const Path& at, FieldErrors& errors) {
  check_descending_path(path, at, errors);
  // A step back was told already.
  if (path.starts_with("..") && !path.starts_with("../"))
    errors.invalid(at, path, "must not start with '..'");
}

void check_label_selector(const codec::Box<meta::v1::LabelSelector>& selector, const Path& at,
                          FieldErrors& errors) {
  if (!selector) return;
  check_labels(selector->matchLabels, at.child("matchLabels"), errors);
  for (size_t i = 0; i < selector->matchExpressions.size(); ++i) {
    const auto& r = selector->matchExpressions[i];
    const Path here = at.child("matchExpressions").index(i);
    if (r.operator_ == "In" || r.operator_ == "NotIn") {
      if (r.values.empty())
        errors.required(here.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (r.operator_ == "Exists" || r.operator_ == "DoesNotExist") {
      if (!r.values.empty())
        errors.forbidden(here.child("values"),
                         "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else {
      errors.invalid(here.child("operator"), r.operator_, "not a valid selector operator");
    }
    check_messages(machinery::is_qualified_name(r.key), here.child("key"), r.key, errors);
    for (size_t k = 0; k < r.values.size(); ++k)
      check_messages(machinery::is_valid_label_value(r.values[k]), here.child("values").index(k), r.values[k],
                     errors);
  }
}

std::string list_json(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const std::string& s : list) out += (out.size() > 1 ? "," : "") + quote(s);
  return out + "]";
}

std::string labels_json(const codec::Map<std::string>& labels) {
  std::string out = "{";
  for (const auto& [key, value] : labels)
    out += (out.size() > 1 ? "," : "") + quote(key) + ":" + quote(value);
  return out + "}";
}

}  // namespace mizzen::api
