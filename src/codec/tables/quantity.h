#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mizzen::codec {

/// A fixed-point number as resources are counted: 100m, 1536Mi, 2. Kept as upstream's canonical text, which
/// is short enough to need no heap; arithmetic parses it. Equality of text is equality of number and of
/// suffix family; compare() looks at the number alone. Bounds: at most 2^63-1 after scaling, nine decimal
/// digits (nano); what is finer rounds up, away from zero, what is larger is capped, as upstream does.
class Quantity {
 public:
  enum class Format : uint8_t { DecimalSI, BinarySI, DecimalExponent };

  Quantity() = default;  ///< zero
  /// The error is upstream's text.
  static Result<Quantity> parse(std::string_view text);
  static Quantity of(int64_t value, Format format = Format::DecimalSI);
  static Quantity of_milli(int64_t milli, Format format = Format::DecimalSI);

  const std::string& text() const { return text_.empty() ? kZero : text_; }
  bool is_zero() const { return text_.empty() || text_ == "0"; }
  Format format() const;
  /// Rounded up to a whole number; capped at the limits of int64.
  int64_t value() const;
  /// In thousandths, rounded up; capped.
  int64_t milli_value() const;
  /// <0, 0, >0.
  int compare(const Quantity& other) const;
  /// Keeps this one's format (or takes the other's where this is zero), as upstream.
  Quantity plus(const Quantity& other) const;
  Quantity minus(const Quantity& other) const;
  bool negative() const { return !text_.empty() && text_[0] == '-'; }
  /// The same number rounded up to thousandths (upstream's default for resource lists).
  Quantity rounded_to_milli() const;
  friend bool operator==(const Quantity&, const Quantity&) = default;

 private:
  static const std::string kZero;
  std::string text_;  ///< canonical; empty means zero
};

}  // namespace mizzen::codec
