#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/clock.h"

namespace mizzen::log {

enum class Severity : char { Info = 'I', Warning = 'W', Error = 'E', Fatal = 'F' };
enum class Format { Text, Json };

/// How lines look and where they go.
struct Options {
  Format format = Format::Text;
  int verbosity = 0;  ///< upstream's -v
  int fd = 2;         ///< below zero: nothing is written
};

/// Set once by main before any thread starts.
void configure(Options options);
/// Lines carry this clock's time from now on; until then the system's, which is read nowhere else outside of
/// a composition: a line must be possible before anything is composed. For a simulation, whose lines show
/// virtual time. The clock must outlive every line. Threading: thread-safe.
void set_clock(const Clock& clock);
/// True where `-v=level` or more was asked for. Guard costly arguments with it.
bool enabled(int level);

/// One structured value of a line: kv("pod", name).
struct KeyValue {
  std::string_view key;
  std::string value;
};
template <typename T>
KeyValue kv(std::string_view key, const T& value) {
  return {key, fmt::format("{}", value)};
}

/// Writes one line with one write(2) in klog's format: `I1122 12:00:00.000000   123 component] "message"
/// key="value"`. Never log secrets: tokens, keys, bodies of Secrets. Threading: thread-safe; a line is never
/// torn.
void write(Severity severity, std::string_view component, std::string_view message,
           std::initializer_list<KeyValue> values);

inline void info(std::string_view component, std::string_view message,
                 std::initializer_list<KeyValue> values = {}) {
  write(Severity::Info, component, message, values);
}
inline void warn(std::string_view component, std::string_view message,
                 std::initializer_list<KeyValue> values = {}) {
  write(Severity::Warning, component, message, values);
}
inline void error(std::string_view component, std::string_view message,
                  std::initializer_list<KeyValue> values = {}) {
  write(Severity::Error, component, message, values);
}
/// Written only at `-v=level` or more.
inline void verbose(int level, std::string_view component, std::string_view message,
                    std::initializer_list<KeyValue> values = {}) {
  if (enabled(level)) write(Severity::Info, component, message, values);
}

}  // namespace mizzen::log
