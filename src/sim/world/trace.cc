#include "sim/world/trace.h"

#include <fmt/format.h>

#include <cstdio>

namespace mizzen::sim {

void Trace::add(std::string_view who, std::string what) {
  const double seconds = std::chrono::duration<double>(clock_.monotonic() - start_).count();
  std::string line = fmt::format("{:11.6f} {} {}", seconds, who, what);
  for (const char c : line) fingerprint_ = (fingerprint_ ^ static_cast<uint8_t>(c)) * 1099511628211u;
  if (print_) std::printf("%s\n", line.c_str());
  lines_.push_back(std::move(line));
  if (lines_.size() > kLinesMax) lines_.pop_front();
}

}  // namespace mizzen::sim
