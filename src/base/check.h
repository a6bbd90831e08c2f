#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace mizzen {

/// Writes "file:line: broken invariant: condition: message" to standard error and aborts the process. Does
/// not allocate beyond the message, takes no lock, never returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace mizzen

/// States what must always hold: `MZ_CHECK(revision > x_last, "revision {} after {}", revision, x_last)`.
/// Where it does not, the program is wrong and its next write could be too, so the process aborts, in release
/// builds as well; start is recovery. Never for input: what a client, a file or a peer said gets an error.
/// The message is formatted only on failure; the condition is evaluated once, so keep it cheap.
#define MZ_CHECK(condition, ...)                                                          \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::mizzen::check_failed(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)
