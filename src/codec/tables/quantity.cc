#include "codec/tables/quantity.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"

namespace mizzen::codec {
namespace {

using Wide = __int128;
constexpr Wide kNano = 1'000'000'000;
constexpr Wide kWideMax = (static_cast<Wide>(1) << 126);

/// A number in units of 10^-9. 2^63 units of 1 are 2^93 of these: fits.
struct Parsed {
  Wide nano = 0;
  Quantity::Format format = Quantity::Format::DecimalSI;
};

constexpr std::string_view kFormatError =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr std::string_view kSuffixError = "unable to parse quantity's suffix";
constexpr std::string_view kNumericError = "unable to parse numeric part of quantity";

struct Suffix {
  std::string_view text;
  int base;  ///< 2 or 10
  int exponent;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"", 10, 0},
                                               {"n", 10, -9},
                                               {"u", 10, -6},
                                               {"m", 10, -3},
                                               {"k", 10, 3},
                                               {"M", 10, 6},
                                               {"G", 10, 9},
                                               {"T", 10, 12},
                                               {"P", 10, 15},
                                               {"E", 10, 18},
                                               {"Ki", 2, 10},
                                               {"Mi", 2, 20},
                                               {"Gi", 2, 30},
                                               {"Ti", 2, 40},
                                               {"Pi", 2, 50},
                                               {"Ei", 2, 60}}};

Wide saturating_mul(Wide a, Wide b) {
  if (a != 0 && b > kWideMax / (a < 0 ? -a : a)) return a < 0 ? -kWideMax : kWideMax;
  return a * b;
}

Wide pow_of(int base, int exponent) {
  Wide out = 1;
  for (int i = 0; i < exponent; ++i) out = saturating_mul(out, base);
  return out;
}

Wide divide_up(Wide a, Wide b) {  // away from zero
  Wide q = a / b;
  if (a % b != 0) q += a < 0 ? -1 : 1;
  return q;
}

/// A quantity's text in its parts.
struct Parts {
  bool negative = false;
  std::string_view whole, fraction, suffix;
};

/// Takes a text apart where upstream does; what then is left over makes its first error. A number without any
/// digit is zero there.
Result<Parts> take_apart(std::string_view text) {
  Parts out;
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return text.substr(from, at - from);
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) out.negative = text[at++] == '-';
  out.whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    out.fraction = digits();
  }
  const size_t suffix_from = at;
  constexpr std::string_view kLetters = "eEinumkKMGTP";
  while (at < text.size() && kLetters.find(text[at]) != std::string_view::npos) ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  digits();
  if (at < text.size()) return Error(Code::BadRequest, std::string(kFormatError));
  out.suffix = text.substr(suffix_from);
  return out;
}

/// What a suffix stands for. The suffix error where it stands for nothing.
Result<Suffix> suffix_of(std::string_view text, Quantity::Format& format) {
  for (const Suffix& s : kSuffixes) {
    if (s.text != text) continue;
    if (s.base == 2) format = Quantity::Format::BinarySI;
    return s;
  }
  std::string_view number = text.empty() ? text : text.substr(1);
  if (number.starts_with('+')) number.remove_prefix(1);
  const auto exponent = parse_int<int>(number);
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E') || !exponent)
    return Error(Code::BadRequest, std::string(kSuffixError));
  format = Quantity::Format::DecimalExponent;
  return Suffix{text, 10, std::clamp(*exponent, -60, 60)};
}

Result<Parsed> parse_number(std::string_view text) {
  MZ_ASSIGN(const Parts parts, take_apart(text));
  const bool negative = parts.negative;
  const std::string_view whole = parts.whole, fraction = parts.fraction;
  Parsed out;
  MZ_ASSIGN(const Suffix suffix, suffix_of(parts.suffix, out.format));
  const int base = suffix.base;
  int exponent = suffix.exponent;
  // Upstream's slow way, for what has no room in 64 bits, does not take a number without digits.
  if (whole.empty() && fraction.empty() && (exponent < -9 || (base == 2 && exponent > 43)))
    return Error(Code::BadRequest, std::string(kNumericError));

  // Digits beyond what can matter only need to be remembered as "something more".
  Wide value = 0;
  int scale = 0;  // decimal places of value
  bool sticky = false;
  for (char c : whole) {
    if (value > kWideMax / 20) {
      --scale;
      sticky |= c != '0';
    } else {
      value = value * 10 + (c - '0');
    }
  }
  for (char c : fraction) {
    if (value > kWideMax / 20 || scale >= 30 || scale < 0) {
      sticky |= c != '0';
    } else {
      value = value * 10 + (c - '0');
      ++scale;
    }
  }
  // nano = value * 10^-scale * base^exponent * 10^9
  if (base == 2) {
    value = saturating_mul(value, pow_of(2, exponent));
    exponent = 0;
  }
  const int shift = exponent - scale + 9;
  if (shift >= 0) {
    value = saturating_mul(value, pow_of(10, shift));
  } else {
    const Wide by = pow_of(10, -shift);
    sticky |= value % by != 0;
    value /= by;
    if (sticky) ++value;
    sticky = false;
  }
  if (sticky) ++value;
  const Wide cap = static_cast<Wide>(INT64_MAX) * kNano;
  if (value > cap) value = cap;
  out.nano = negative ? -value : value;
  // Upstream turns what is finer than its suffix family can say into decimal.
  if (out.format == Quantity::Format::BinarySI && (out.nano < 0 ? -out.nano : out.nano) < 1024 * kNano)
    out.format = Quantity::Format::DecimalSI;
  return out;
}

std::string wide_text(Wide v) {
  if (v == 0) return "0";
  const bool negative = v < 0;
  if (negative) v = -v;
  std::string out;
  for (; v > 0; v /= 10) out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(v % 10)));
  return negative ? "-" + out : out;
}

std::string canonical(Wide nano, Quantity::Format format) {
  if (nano == 0) return "0";
  if (format == Quantity::Format::BinarySI) {
    const Wide magnitude = nano < 0 ? -nano : nano;
    if (magnitude >= 1024 * kNano && nano % kNano == 0) {
      Wide v = nano / kNano;
      int power = 0;
      while (v % 1024 == 0 && power < 6) {
        v /= 1024;
        ++power;
      }
      constexpr std::string_view names[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
      return wide_text(v) + std::string(names[power]);
    }
    // Below 1024, or with a fraction: decimal, so that nothing is rounded away.
    format = Quantity::Format::DecimalSI;
  }
  Wide v = nano;
  int exponent = -9;
  while (v % 1000 == 0 && exponent < 18) {
    v /= 1000;
    exponent += 3;
  }
  if (format == Quantity::Format::DecimalExponent)
    return exponent == 0 ? wide_text(v) : wide_text(v) + "e" + std::to_string(exponent);
  for (const Suffix& s : kSuffixes)
    if (s.base == 10 && s.exponent == exponent) return wide_text(v) + std::string(s.text);
  return wide_text(v);
}

Parsed parsed(const Quantity& q) {
  auto p = parse_number(q.text());
  if (!p.ok()) return {};
  const std::string& t = q.text();
  if (!t.empty() && t.back() == 'i') p->format = Quantity::Format::BinarySI;
  return *p;
}

int64_t capped(Wide v) {
  if (v > INT64_MAX) return INT64_MAX;
  if (v < INT64_MIN) return INT64_MIN;
  return static_cast<int64_t>(v);
}

}  // namespace

const std::string Quantity::kZero = "0";

Result<Quantity> Quantity::parse(std::string_view text) {
  if (text.empty()) return Error(Code::BadRequest, std::string(kFormatError));
  MZ_ASSIGN(const Parsed p, parse_number(text));
  Quantity out;
  // "0" with a binary or exponent suffix is still zero; a binary number below 1024 is printed as decimal.
  out.text_ = canonical(p.nano, p.format);
  if (out.text_ == "0") out.text_.clear();
  return out;
}

Quantity Quantity::of(int64_t value, Format format) {
  Quantity out;
  if (value != 0) out.text_ = canonical(static_cast<Wide>(value) * kNano, format);
  return out;
}

Quantity Quantity::of_milli(int64_t milli, Format format) {
  Quantity out;
  if (milli != 0) out.text_ = canonical(static_cast<Wide>(milli) * 1'000'000, format);
  return out;
}

Quantity::Format Quantity::format() const { return parsed(*this).format; }
int64_t Quantity::value() const { return capped(divide_up(parsed(*this).nano, kNano)); }
int64_t Quantity::milli_value() const { return capped(divide_up(parsed(*this).nano, 1'000'000)); }

int Quantity::compare(const Quantity& other) const {
  const Wide a = parsed(*this).nano, b = parsed(other).nano;
  return a < b ? -1 : a > b ? 1 : 0;
}

Quantity Quantity::plus(const Quantity& other) const {
  const Parsed a = parsed(*this), b = parsed(other);
  Quantity out;
  out.text_ = canonical(a.nano + b.nano, is_zero() ? b.format : a.format);
  return out;
}

Quantity Quantity::minus(const Quantity& other) const {
  const Parsed a = parsed(*this), b = parsed(other);
  Quantity out;
  out.text_ = canonical(a.nano - b.nano, is_zero() ? b.format : a.format);
  return out;
}

Quantity Quantity::rounded_to_milli() const {
  const Parsed p = parsed(*this);
  if (p.nano % 1'000'000 == 0) return *this;
  Quantity out;
  out.text_ = canonical(divide_up(p.nano, 1'000'000) * 1'000'000, p.format);
  return out;
}

}  // namespace mizzen::codec
