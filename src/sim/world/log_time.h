#pragma once
#include "base/clock.h"

namespace mizzen::sim {

/// While it lives, lines of the log carry this clock's time; afterwards the beginning of time, for a program
/// that simulates has no other. One at a time.
class LogTime {
 public:
  explicit LogTime(const Clock& clock);
  ~LogTime();
  LogTime(const LogTime&) = delete;
};

}  // namespace mizzen::sim
