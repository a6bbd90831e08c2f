#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mizzen::codec {

/// A moment as meta/v1 Time and MicroTime carry it. Unset is Go's zero time: null in JSON, an empty message
/// on the wire.
struct Time {
  static constexpr int64_t kUnset = INT64_MIN;
  int64_t seconds = kUnset;  ///< since 1970, UTC
  int32_t nanos = 0;

  bool is_set() const { return seconds != kUnset; }
  /// Cut to seconds, as every Time of the API is.
  static Time from(WallTime t);
  /// Cut to microseconds, for MicroTime fields.
  static Time micros_from(WallTime t);
  WallTime wall() const;
  friend auto operator<=>(const Time&, const Time&) = default;
};

/// "2006-01-02T15:04:05Z"; empty where unset.
std::string format_time(const Time& t);
void append_time(std::string& out, const Time& t);
/// "2006-01-02T15:04:05.000000Z".
std::string format_micro_time(const Time& t);
void append_micro_time(std::string& out, const Time& t);
/// RFC 3339 with any offset and fraction. The error is Go's text.
/// With `micro` exactly six decimals have to stand there, as upstream's MicroTime wants it.
Result<Time> parse_time(std::string_view text, bool micro = false);

/// A span of time: meta/v1 Duration. JSON "1m30s".
struct Span {
  int64_t nanos = 0;
  friend auto operator<=>(const Span&, const Span&) = default;
};
/// As Go's Duration.String prints it: 1h2m3.5s, 0s, 1.5ms.
std::string format_go_duration(int64_t nanos);
Result<int64_t> parse_go_duration(std::string_view text);

/// An int32 or a string: ports, maxSurge.
struct IntOrString {
  bool is_string = false;
  int32_t number = 0;
  std::string text;

  IntOrString() = default;
  IntOrString(int32_t n) : number(n) {}
  IntOrString(std::string s) : is_string(true), text(std::move(s)) {}
  IntOrString(const char* s) : is_string(true), text(s) {}
  std::string str() const { return is_string ? text : std::to_string(number); }
  friend bool operator==(const IntOrString&, const IntOrString&) = default;
};

/// Any JSON document, kept as compact text (RawExtension, FieldsV1, apiextensions JSON, Table cells).
/// Empty means nil, which is `null` in JSON. Invariant: valid JSON without insignificant white space, or,
/// where it came from protobuf, bytes that the sender vouched for.
struct RawJson {
  std::string text;
  bool empty() const { return text.empty(); }
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

}  // namespace mizzen::codec
