#include "codec/tables/values.h"

#include <fmt/format.h>

#include <array>

#include "base/strings.h"

namespace mizzen::codec {
namespace {

// Days since 1970-01-01 of a proleptic Gregorian date, and back (Hinnant's algorithms).
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

struct Civil {
  int64_t year;
  int month, day, hour, minute, second;
};

Civil civil_from(int64_t seconds) {
  int64_t days = seconds / 86400;
  int64_t rest = seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  const int64_t z = days + 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2),
          month,
          static_cast<int>(doy - (153 * mp + 2) / 5 + 1),
          static_cast<int>(rest / 3600),
          static_cast<int>(rest / 60 % 60),
          static_cast<int>(rest % 60)};
}

Error time_error(std::string_view text) {
  return Error(Code::BadRequest,
               fmt::format("parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse {} as \"2006\"",
                           quote(quote(text)), quote(quote(text))));
}

bool digits(std::string_view text, size_t at, size_t n, int& out) {
  if (at + n > text.size()) return false;
  out = 0;
  for (size_t i = at; i < at + n; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

Time Time::from(WallTime t) {
  return {std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(), 0};
}

Time Time::micros_from(WallTime t) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(t);
  const int64_t rest = (t - whole).count();
  return {whole.time_since_epoch().count(), static_cast<int32_t>(rest / 1000 * 1000)};
}

WallTime Time::wall() const {
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

std::string format_time(const Time& t) {
  if (!t.is_set()) return "";
  const Civil c = civil_from(t.seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

std::string format_micro_time(const Time& t) {
  if (!t.is_set()) return "";
  const Civil c = civil_from(t.seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", c.year, c.month, c.day, c.hour, c.minute,
                     c.second, t.nanos / 1000);
}

Result<Time> parse_time(std::string_view text) {
  int year, month, day, hour, minute, second;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day) ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second) ||
      text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return time_error(text);
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1 ||
      day > kDays[static_cast<size_t>(month - 1)] + (month == 2 && leap) || hour > 23 || minute > 59 ||
      second > 59)
    return time_error(text);
  size_t at = 19;
  int32_t nanos = 0;
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
    int32_t unit = 100'000'000;
    size_t n = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++n) {
      nanos += (text[at] - '0') * unit;
      unit /= 10;
    }
    if (n == 0) return time_error(text);
  }
  int64_t offset = 0;
  if (text.substr(at) != "Z") {
    int oh, om;
    if (text.size() != at + 6 || (text[at] != '+' && text[at] != '-') || !digits(text, at + 1, 2, oh) ||
        text[at + 3] != ':' || !digits(text, at + 4, 2, om) || oh > 23 || om > 59)
      return time_error(text);
    offset = (oh * 3600 + om * 60) * (text[at] == '-' ? -1 : 1);
  }
  Time out;
  out.seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  out.nanos = nanos;
  if (year == 1 && out.seconds == days_from_civil(1, 1, 1) * 86400 && nanos == 0)
    return Time{};  // Go's zero time
  return out;
}

std::string format_go_duration(int64_t nanos) {
  if (nanos == 0) return "0s";
  std::string out;
  uint64_t v = nanos < 0 ? ~static_cast<uint64_t>(nanos) + 1 : static_cast<uint64_t>(nanos);
  const auto decimals = [](uint64_t whole, uint64_t fraction, int width) {
    std::string s = std::to_string(whole);
    if (fraction) {
      std::string f = fmt::format("{:0{}}", fraction, width);
      while (f.back() == '0') f.pop_back();
      s += "." + f;
    }
    return s;
  };
  if (v < 1'000) {
    out = std::to_string(v) + "ns";
  } else if (v < 1'000'000) {
    out = decimals(v / 1'000, v % 1'000, 3) + "\xc2\xb5s";
  } else if (v < 1'000'000'000) {
    out = decimals(v / 1'000'000, v % 1'000'000, 6) + "ms";
  } else {
    const uint64_t seconds = v / 1'000'000'000;
    if (seconds >= 3600) out += std::to_string(seconds / 3600) + "h";
    if (seconds >= 60) out += std::to_string(seconds / 60 % 60) + "m";
    out += decimals(seconds % 60, v % 1'000'000'000, 9) + "s";
  }
  return nanos < 0 ? "-" + out : out;
}

Result<int64_t> parse_go_duration(std::string_view text) {
  const Error bad(Code::BadRequest, fmt::format("time: invalid duration {}", quote(text)));
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return int64_t{0};
  if (rest.empty()) return bad;
  struct Unit {
    std::string_view name;
    int64_t nanos;
  };
  constexpr Unit units[] = {
      {"ns", 1},         {"us", 1'000},        {"\xc2\xb5s", 1'000},  {"\xce\xbcs", 1'000},
      {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  __int128 total = 0;
  while (!rest.empty()) {
    __int128 whole = 0, fraction = 0, unit = 1;
    size_t i = 0, n = 0;
    for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9' && whole < INT64_MAX; ++i, ++n)
      whole = whole * 10 + (rest[i] - '0');
    if (i < rest.size() && rest[i] == '.') {
      for (++i; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i, ++n) {
        if (unit < 1'000'000'000'000'000) {
          fraction = fraction * 10 + (rest[i] - '0');
          unit *= 10;
        }
      }
    }
    if (n == 0) return bad;
    rest.remove_prefix(i);
    size_t len = 0;
    while (len < rest.size() && rest[len] != '.' && !(rest[len] >= '0' && rest[len] <= '9')) ++len;
    const std::string_view name = rest.substr(0, len);
    const Unit* found = nullptr;
    for (const Unit& u : units)
      if (u.name == name) found = &u;
    if (!found) return bad;
    total += whole * found->nanos + fraction * found->nanos / unit;
    if (total > INT64_MAX) return bad;
    rest.remove_prefix(len);
  }
  return static_cast<int64_t>(negative ? -total : total);
}

}  // namespace mizzen::codec
