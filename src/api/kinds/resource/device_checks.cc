#include "api/kinds/resource/device_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/field_checks.h"
#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kSelectorsMax = 32, kExpressionBytesMax = 10 * 1024, kPoolNameMax = 253, kIdentifierMax = 32,
                 kConditionsMax = 4;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

/// What is wrong with the text of a UUID in any of its forms; empty where nothing is.
std::string wrong_uuid(std::string_view text) {
  constexpr std::string_view kUrn = "urn:uuid:";
  std::string_view plain = text;
  switch (text.size()) {
    case 32:
      return is_hex(text) ? "" : "invalid UUID format";
    case 36:
      break;
    case 36 + kUrn.size():
      if (!iequals(text.substr(0, kUrn.size()), kUrn))
        return "invalid urn prefix: " + quote(text.substr(0, kUrn.size()));
      plain = text.substr(kUrn.size());
      break;
    case 38:
      if (text.front() != '{' || text.back() != '}') return "invalid bracketed UUID format";
      plain = text.substr(1, 36);
      break;
    default:
      return fmt::format("invalid UUID length: {}", text.size());
  }
  std::string digits;
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i != 8 && i != 13 && i != 18 && i != 23) {
      digits += plain[i];
    } else if (plain[i] != '-') {
      return "invalid UUID format";
    }
  }
  return is_hex(digits) ? "" : "invalid UUID format";
}

void check_identifier(std::string_view id, const Path& at, FieldErrors& errors) {
  if (id.size() > kIdentifierMax) errors.too_long(at, kIdentifierMax);
  check_messages(machinery::is_c_identifier(id), at, id, errors);
}

void check_condition_names(const std::vector<std::string>& names, const Path& at, FieldErrors& errors) {
  if (!check_size(names.size(), kConditionsMax, at, errors)) return;
  for (size_t i = 0; i < names.size(); ++i) check_qualified_name(names[i], at.index(i), errors);
}

}  // namespace

bool check_size(size_t actual, size_t max, const Path& at, FieldErrors& errors) {
  if (actual > max) errors.too_many(at, actual, max);
  return actual <= max;
}

void check_pool_name(const std::string& name, const Path& at, FieldErrors& errors) {
  if (name.empty()) return errors.required(at, "");
  if (name.size() > kPoolNameMax) errors.too_long(at, kPoolNameMax);
  for (const std::string_view part : split(name, '/')) check_subdomain(part, at, errors);
}

void check_uid(const std::string& uid, const Path& at, FieldErrors& errors) {
  if (const std::string wrong = wrong_uuid(uid); !wrong.empty())
    return errors.invalid(at, uid, "error validating uid: " + wrong);
  if (uid.size() != 36 || uid != to_lower(uid))
    errors.invalid(at, uid,
                   "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with "
                   "lowercase hexadecimal characters");
}

void check_attribute_name(const std::string& name, const Path& at, FieldErrors& errors) {
  const auto parts = split(name, '/');
  if (parts.size() == 1) return check_identifier(name, at, errors);
  if (parts.size() > 2) return;  // taken upstream too, as it is
  if (parts[0].empty()) {
    errors.invalid(at, "", "the domain must not be empty");
  } else {
    check_driver_name(parts[0], at, errors);
  }
  if (parts[1].empty()) return errors.invalid(at, "", "the name must not be empty");
  check_identifier(parts[1], at, errors);
}

void check_full_attribute_name(const std::string& name, const Path& at, FieldErrors& errors) {
  check_attribute_name(name, at, errors);
  if (name.find('/') == std::string::npos)
    errors.invalid(at, name, "a fully qualified name must be a domain and a name separated by a slash");
}

void check_device_selectors(const std::vector<resource::v1::DeviceSelector>& selectors, const Path& at,
                            FieldErrors& errors) {
  if (!check_size(selectors.size(), kSelectorsMax, at, errors)) return;
  for (size_t i = 0; i < selectors.size(); ++i) {
    const Path cel = at.index(i).child("cel");
    if (!selectors[i].cel) {
      errors.required(cel, "");
      continue;
    }
    const std::string& expression = selectors[i].cel->expression;
    if (expression.size() > kExpressionBytesMax)
      errors.too_long(cel.child("expression"), kExpressionBytesMax);
    if (expression.empty())
      errors.invalid(
          cel.child("expression"), expression,
          "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting "
          "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, "
          "STRING, BYTES, IDENTIFIER}");
  }
}

void check_raw_object(const codec::RawJson& raw, const Path& at, bool stored, FieldErrors& errors) {
  constexpr const char* kOmitted = "<value omitted>";
  if (raw.empty()) return errors.required(at, "");
  if (!stored && raw.text.size() > kRawObjectBytesMax) return errors.too_long(at, kRawObjectBytesMax);
  const auto value = codec::Value::parse(raw.text);
  if (!value.ok())
    return errors.invalid(at, kOmitted, "error parsing data as JSON: " + value.error().message());
  if (value->is_null()) return errors.required(at, "");
  if (!value->is_object()) errors.invalid(at, kOmitted, "must be a valid JSON object");
}

void check_device_configuration(const resource::v1::DeviceConfiguration& configuration, const Path& at,
                                bool stored, FieldErrors& errors) {
  const Path opaque = at.child("opaque");
  if (!configuration.opaque) return errors.required(opaque, "");
  check_driver_name(configuration.opaque->driver, opaque.child("driver"), errors);
  check_raw_object(configuration.opaque->parameters, opaque.child("parameters"), stored, errors);
}

void check_binding_conditions(const std::vector<std::string>& wanted, const std::vector<std::string>& failed,
                              const Path& at, FieldErrors& errors) {
  const Path good = at.child("bindingConditions"), bad = at.child("bindingFailureConditions");
  check_condition_names(wanted, good, errors);
  check_condition_names(failed, bad, errors);
  check_unique(wanted, good, [](const std::string& name) { return name; }, errors);
  std::set<std::string_view> seen;
  for (size_t i = 0; i < failed.size(); ++i) {
    if (!seen.insert(failed[i]).second) errors.duplicate(bad.index(i), failed[i]);
    if (std::find(wanted.begin(), wanted.end(), failed[i]) != wanted.end())
      errors.invalid(bad.index(i), failed[i],
                     "bindingFailureConditions must not overlap with bindingConditions");
  }
  if (wanted.empty() && !failed.empty())
    errors.invalid_raw(good, "null", "bindingConditions are required to use bindingFailureConditions");
  if (failed.empty() && !wanted.empty())
    errors.invalid_raw(bad, "null", "bindingFailureConditions are required to use bindingConditions");
}

}  // namespace mizzen::api
