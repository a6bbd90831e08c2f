#include "telemetry/log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

#include "base/clock.h"
#include "base/strings.h"

namespace mizzen::log {
namespace {
Options g_options;                                      // set once by configure() before any thread
constinit std::atomic<const Clock*> g_clock = nullptr;  // null: the system's

WallTime now_of_lines() {
  const Clock* given = g_clock.load(std::memory_order_acquire);
  return (given ? *given : real_clock()).wall();
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}
}  // namespace

void configure(Options options) { g_options = options; }
void set_clock(const Clock& clock) { g_clock.store(&clock, std::memory_order_release); }
bool enabled(int level) { return level <= g_options.verbosity; }

void write(Severity severity, std::string_view component, std::string_view message,
           std::initializer_list<KeyValue> values) {
  if (g_options.fd < 0) return;
  const auto now = now_of_lines().time_since_epoch();
  const int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  fmt::memory_buffer line;
  auto out = std::back_inserter(line);
  if (g_options.format == Format::Json) {
    fmt::format_to(out, "{{\"ts\":{}.{:06},\"severity\":\"{}\",\"logger\":{},\"msg\":{}", micros / 1'000'000,
                   micros % 1'000'000, static_cast<char>(severity), json_string(component),
                   json_string(message));
    for (const KeyValue& v : values) fmt::format_to(out, ",{}:{}", json_string(v.key), json_string(v.value));
    fmt::format_to(out, "}}\n");
  } else {
    const time_t seconds = micros / 1'000'000;
    tm parts{};
    gmtime_r(&seconds, &parts);
    fmt::format_to(out, "{}{:02}{:02} {:02}:{:02}:{:02}.{:06} {:7} {}] {}", static_cast<char>(severity),
                   parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                   micros % 1'000'000, syscall(SYS_gettid), component, quote(message));
    for (const KeyValue& v : values) fmt::format_to(out, " {}={}", v.key, quote(v.value));
    fmt::format_to(out, "\n");
  }
  [[maybe_unused]] const ssize_t n = ::write(g_options.fd, line.data(), line.size());
}

}  // namespace mizzen::log
