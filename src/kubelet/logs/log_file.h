#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "codec/tables/values.h"
#include "linux/files/descriptor.h"

namespace mizzen::kubelet {

/// One line of a container's log as the runtime writes it: `2006-01-02T15:04:05.999999999Z stdout F text`.
struct LogLine {
  std::string_view time;
  std::string_view stream;
  bool partial = false;   ///< the next line goes on with it
  std::string_view text;  ///< without newline
};
/// Nothing where the line is malformed.
std::optional<LogLine> parse_log_line(std::string_view line);

/// Which part of a log, and how.
struct LogOptions {
  bool timestamps = false;
  std::optional<codec::Time> since;
  std::optional<int64_t> tail_lines;
  std::optional<int64_t> limit_bytes;
};

/// Reads a container's log file from the start (or the last lines of it) and gives the text the container
/// wrote, also while the file grows. Threading: confined to its caller. Bounds: kLogChunkBytesMax a call; a
/// line longer than kLogLineBytesMax is passed on in pieces.
class LogFile {
 public:
  /// NotFound where there is no file.
  static Result<LogFile> open(const std::string& path, const LogOptions& options);
  /// The next text; empty where the file has no more right now.
  Result<std::string> next();
  /// True once limit_bytes were given out: nothing follows.
  bool exhausted() const { return left_ == 0; }
  /// True where another file stands at the path by now (rotation); the new one is read from its start then.
  Result<bool> reopen_if_replaced();

 private:
  LogFile(std::string path, linux::Fd fd, LogOptions options);
  Result<void> seek_to_tail(int64_t lines);
  void take(std::string_view line, std::string& out);

  std::string path_;
  linux::Fd fd_;
  LogOptions options_;
  std::string rest_;   ///< bytes after the last newline
  int64_t left_ = -1;  ///< of limit_bytes; -1: no limit
  bool mid_line_ = false;
};
inline constexpr size_t kLogChunkBytesMax = 64 * 1024;
inline constexpr size_t kLogLineBytesMax = 1024 * 1024;

}  // namespace mizzen::kubelet
