#pragma once
#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.h"

namespace mizzen::sim {

/// Role: what happened in a run, as lines with their time; and a number that stands for all of it, which is
/// equal where runs are. Threading: confined to the simulation's thread. Bounds: the newest kLinesMax lines.
class Trace {
 public:
  static constexpr size_t kLinesMax = 4000;
  explicit Trace(const Clock& clock) : clock_(clock), start_(clock.monotonic()) {}

  void add(std::string_view who, std::string what);
  /// Also prints lines as they come.
  void print(bool on) { print_ = on; }
  uint64_t fingerprint() const { return fingerprint_; }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  const Clock& clock_;
  const Monotonic start_;
  std::deque<std::string> lines_;
  uint64_t fingerprint_ = 14695981039346656037u;
  bool print_ = false;
};

}  // namespace mizzen::sim
