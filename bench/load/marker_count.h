#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mizzen::bench {

/// Role: counts how often a text occurs in an answer that comes in pieces, also where two pieces share one
/// occurrence. An empty text counts nothing.
class MarkerCount {
 public:
  explicit MarkerCount(std::string marker) : marker_(std::move(marker)) {}
  void add(std::string_view piece);
  size_t count() const { return count_; }

 private:
  void count_in(std::string_view text);
  std::string marker_;
  std::string tail_;  ///< the last bytes, fewer than the marker has
  size_t count_ = 0;
};

}  // namespace mizzen::bench
