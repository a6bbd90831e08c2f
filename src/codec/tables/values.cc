#include "codec/tables/values.h"

#include <fmt/format.h>

#include <array>
#include <optional>

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

/// Role: reads RFC 3339 as Go's time.Parse does, with its texts. Threading: confined to its caller.
class TimeParser {
 public:
  TimeParser(std::string_view text, bool micro) : text_(text), rest_(text), micro_(micro) {}

  Result<Time> run() {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!number(4, 4, year, "2006") || !literal("-") || !number(2, 2, month, "01") ||
        !within(month, 1, 12, "month") || !literal("-") || !number(2, 2, day, "02") || !literal("T") ||
        !number(1, 2, hour, "15") || !within(hour, 0, 23, "hour") || !literal(":") ||
        !number(2, 2, minute, "04") || !within(minute, 0, 59, "minute") || !literal(":") ||
        !number(2, 2, second, "05") || !within(second, 0, 59, "second") || !fraction() || !zone())
      return *error_;
    if (!rest_.empty()) return fail(": extra text: " + quote(rest_));
    constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > kDays[static_cast<size_t>(month - 1)] + (month == 2 && leap))
      return fail(": day out of range");
    Time out;
    out.seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_;
    out.nanos = nanos_;
    if (year == 1 && out.seconds == days_from_civil(1, 1, 1) * 86400 && nanos_ == 0)
      return Time{};  // Go's zero time
    return out;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  Error fail(const std::string& why) const {
    return Error(Code::BadRequest, fmt::format("parsing time {}{}", quote(text_), why));
  }
  bool cannot(std::string_view element) {
    error_ = fail(fmt::format(" as \"{}\": cannot parse {} as \"{}\"",
                              micro_ ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00",
                              quote(rest_), element));
    return false;
  }
  bool number(size_t digits_min, size_t digits_max, int& out, std::string_view element) {
    size_t n = 0;
    while (n < digits_max && n < rest_.size() && is_digit(rest_[n])) out = out * 10 + (rest_[n++] - '0');
    if (n < digits_min) return cannot(element);
    rest_.remove_prefix(n);
    return true;
  }
  bool within(int v, int low, int high, std::string_view what) {
    if (v >= low && v <= high) return true;
    error_ = fail(fmt::format(": {} out of range", what));
    return false;
  }
  bool literal(std::string_view s) {
    if (!rest_.starts_with(s)) return cannot(s);
    rest_.remove_prefix(s.size());
    return true;
  }
  bool fraction() {
    const bool there = rest_.size() >= 2 && (rest_[0] == '.' || rest_[0] == ',') && is_digit(rest_[1]);
    if (!there && !micro_) return true;
    size_t n = 0;
    int32_t unit = 100'000'000;
    for (size_t i = 1; there && i < rest_.size() && is_digit(rest_[i]) && !(micro_ && n == 6); ++i, ++n) {
      nanos_ += (rest_[i] - '0') * unit;
      unit /= 10;
    }
    if (micro_ && n < 6) return cannot(".000000");
    rest_.remove_prefix(n + 1);
    return true;
  }
  bool zone() {
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      return true;
    }
    constexpr std::string_view kElement = "Z07:00";
    if (rest_.size() < 6 || rest_[3] != ':' || (rest_[0] != '+' && rest_[0] != '-') || !is_digit(rest_[1]) ||
        !is_digit(rest_[2]) || !is_digit(rest_[4]) || !is_digit(rest_[5]))
      return cannot(kElement);
    const int hours = (rest_[1] - '0') * 10 + (rest_[2] - '0'),
              minutes = (rest_[4] - '0') * 10 + (rest_[5] - '0');
    if (!within(hours, 0, 24, "time zone offset hour") || !within(minutes, 0, 60, "time zone offset minute"))
      return false;
    offset_ = (hours * 3600 + minutes * 60) * (rest_[0] == '-' ? -1 : 1);
    rest_.remove_prefix(6);
    return true;
  }

  const std::string_view text_;
  std::string_view rest_;
  const bool micro_;
  int32_t nanos_ = 0;
  int64_t offset_ = 0;
  std::optional<Error> error_;
};

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

namespace {

/// A number below 100, in two digits.
void append_two(std::string& out, int64_t n) {
  out += static_cast<char>('0' + n / 10);
  out += static_cast<char>('0' + n % 10);
}

/// To the second, without the zone.
void append_civil(std::string& out, int64_t seconds) {
  const Civil c = civil_from(seconds);
  if (c.year < 0 || c.year > 9999) {
    out += fmt::format("{:04}", c.year);
  } else {
    append_two(out, c.year / 100);
    append_two(out, c.year % 100);
  }
  const std::pair<char, int64_t> parts[] = {
      {'-', c.month}, {'-', c.day}, {'T', c.hour}, {':', c.minute}, {':', c.second}};
  for (const auto& [before, n] : parts) {
    out += before;
    append_two(out, n);
  }
}

}  // namespace

void append_time(std::string& out, const Time& t) {
  if (!t.is_set()) return;
  append_civil(out, t.seconds);
  out += 'Z';
}

void append_micro_time(std::string& out, const Time& t) {
  if (!t.is_set()) return;
  append_civil(out, t.seconds);
  out += fmt::format(".{:06}Z", t.nanos / 1000);
}

std::string format_time(const Time& t) {
  std::string out;
  append_time(out, t);
  return out;
}

std::string format_micro_time(const Time& t) {
  std::string out;
  append_micro_time(out, t);
  return out;
}

Result<Time> parse_time(std::string_view text, bool micro) { return TimeParser(text, micro).run(); }

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
