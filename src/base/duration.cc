#include "base/duration.h"

#include <fmt/format.h>

#include <cmath>

namespace mizzen {

namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};
// Longer names first, so that "ms" is not read as minutes.
constexpr Unit kUnits[] = {{"ns", 1},  {"us", 1e3}, {"\u00b5s", 1e3}, {"ms", 1e6},
                           {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
constexpr double kLongest = 100.0 * 365 * 24 * 3600e9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a decimal number off the front; negative where there is none.
double take_number(std::string_view& text) {
  double value = 0, scale = 1;
  bool any = false, fraction = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !fraction))) {
    if (text.front() == '.') {
      fraction = true;
    } else {
      any = true;
      value = value * 10 + (text.front() - '0');
      if (fraction) scale *= 10;
    }
    text.remove_prefix(1);
  }
  return any ? value / scale : -1;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Error bad(Code::BadRequest,
                  fmt::format("\"{}\" is not a duration such as 50s, 1m30s or 300ms", text));
  if (text == "0") return Duration::zero();
  if (text.empty()) return bad;
  double total = 0;
  while (!text.empty()) {
    const double number = take_number(text);
    if (number < 0) return bad;
    const Unit* unit = nullptr;
    for (const Unit& u : kUnits)
      if (!unit && text.starts_with(u.name)) unit = &u;
    if (!unit) return bad;
    text.remove_prefix(unit->name.size());
    total += number * unit->nanoseconds;
    if (total > kLongest) return bad;
  }
  return Duration(std::llround(total));
}

}  // namespace mizzen
