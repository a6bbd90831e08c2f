#include "machinery/errors/field_errors.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/strings.h"

namespace mizzen::machinery {

Path Path::child(std::string_view name) const {
  Path out;
  out.text_ = text_.empty() ? std::string(name) : fmt::format("{}.{}", text_, name);
  return out;
}
Path Path::index(size_t i) const {
  Path out;
  out.text_ = fmt::format("{}[{}]", text_, i);
  return out;
}
Path Path::key(std::string_view k) const {
  Path out;
  out.text_ = fmt::format("{}[{}]", text_, k);
  return out;
}

void FieldErrors::add(const char* reason, const Path& at, std::string message) {
  if (causes_.size() < kFieldErrorsMax)
    causes_.push_back({reason, std::move(message), at.str().empty() ? "<nil>" : at.str()});
}

void FieldErrors::required(const Path& at, std::string_view detail) {
  add("FieldValueRequired", at,
      detail.empty() ? "Required value" : fmt::format("Required value: {}", detail));
}
void FieldErrors::invalid(const Path& at, std::string_view value, std::string_view detail) {
  invalid_raw(at, quote(value), detail);
}
void FieldErrors::invalid_raw(const Path& at, std::string_view value_text, std::string_view detail) {
  add("FieldValueInvalid", at,
      detail.empty() ? fmt::format("Invalid value: {}", value_text)
                     : fmt::format("Invalid value: {}: {}", value_text, detail));
}
void FieldErrors::duplicate(const Path& at, std::string_view value) {
  add("FieldValueDuplicate", at, fmt::format("Duplicate value: {}", quote(value)));
}
void FieldErrors::duplicate_raw(const Path& at, std::string_view value_text, std::string_view detail) {
  add("FieldValueDuplicate", at,
      detail.empty() ? fmt::format("Duplicate value: {}", value_text)
                     : fmt::format("Duplicate value: {}: {}", value_text, detail));
}
void FieldErrors::not_found(const Path& at, std::string_view value, std::string_view detail) {
  add("FieldValueNotFound", at,
      detail.empty() ? fmt::format("Not found: {}", quote(value))
                     : fmt::format("Not found: {}: {}", quote(value), detail));
}
void FieldErrors::not_supported(const Path& at, std::string_view value,
                                const std::vector<std::string>& supported) {
  not_supported_raw(at, quote(value), supported);
}
void FieldErrors::not_supported_raw(const Path& at, std::string_view value_text,
                                    const std::vector<std::string>& supported) {
  std::string list;
  for (const std::string& s : supported) list += (list.empty() ? "" : ", ") + quote(s);
  add("FieldValueNotSupported", at,
      supported.empty() ? fmt::format("Unsupported value: {}", value_text)
                        : fmt::format("Unsupported value: {}: supported values: {}", value_text, list));
}
void FieldErrors::forbidden(const Path& at, std::string_view detail) {
  add("FieldValueForbidden", at, detail.empty() ? "Forbidden" : fmt::format("Forbidden: {}", detail));
}
void FieldErrors::too_long(const Path& at, size_t bytes_max) {
  add("FieldValueTooLong", at, fmt::format("Too long: may not be more than {} bytes", bytes_max));
}
void FieldErrors::too_many(const Path& at, size_t actual, size_t max) {
  add("FieldValueTooMany", at, fmt::format("Too many: {}: must have at most {} items", actual, max));
}
void FieldErrors::internal(const Path& at, std::string_view detail) {
  add("InternalError", at, fmt::format("Internal error: {}", detail));
}
void FieldErrors::append(const FieldErrors& other) {
  for (const Cause& c : other.causes_)
    if (causes_.size() < kFieldErrorsMax) causes_.push_back(c);
}

std::string FieldErrors::text() const {
  std::vector<std::string> lines;
  std::unordered_set<std::string> seen;
  for (const Cause& c : causes_) {
    std::string line = fmt::format("{}: {}", c.field, c.message);
    if (seen.insert(line).second) lines.push_back(std::move(line));
  }
  const std::string list = join(lines, ", ");
  return lines.size() > 1 ? "[" + list + "]" : list;
}

Error FieldErrors::to_error(std::string_view group, std::string_view kind, std::string_view name) const {
  const std::string qualified = group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
  ErrorDetails details;
  details.name = name;
  details.group = group;
  details.kind = kind;
  details.causes = causes_;
  return Error(Code::Invalid, fmt::format("{} {} is invalid: {}", qualified, quote(name), text()),
               std::move(details));
}

}  // namespace mizzen::machinery
