#include "machinery/errors/go_number.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::machinery {
namespace {

template <typename T>
Result<T> parsed(std::string_view function, std::string_view text, std::string_view number) {
  if (const auto value = parse_int<T>(number)) return *value;
  const std::string_view digits = number.starts_with('-') ? number.substr(1) : number;
  const bool shape = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  return Error(Code::Unknown, fmt::format("strconv.{}: parsing {}: {}", function, quote(text),
                                          shape ? "value out of range" : "invalid syntax"));
}

}  // namespace

Result<uint64_t> go_uint(std::string_view text) {
  if (text.starts_with('-')) return parsed<uint64_t>("ParseUint", text, "");
  return parsed<uint64_t>("ParseUint", text, text);
}

Result<int64_t> go_int(std::string_view text) {
  if (text.starts_with("+-")) return parsed<int64_t>("ParseInt", text, "");
  return parsed<int64_t>("ParseInt", text, text.starts_with('+') ? text.substr(1) : text);
}

}  // namespace mizzen::machinery
