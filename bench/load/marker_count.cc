#include "marker_count.h"

#include <cstring>

namespace mizzen::bench {

void MarkerCount::count_in(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while ((at = static_cast<const char*>(
              ::memmem(at, static_cast<size_t>(end - at), marker_.data(), marker_.size())))) {
    ++count_;
    at += marker_.size();
  }
}

void MarkerCount::add(std::string_view piece) {
  if (marker_.empty() || piece.empty()) return;
  const size_t keep = marker_.size() - 1;
  // What begins in the pieces before and ends here. No marker lies within the tail alone.
  std::string seam = tail_;
  seam += piece.substr(0, keep);
  count_in(seam);
  count_in(piece);
  // The seam counts what crosses, but also what lies wholly in its second half, which has too few bytes for
  // it.
  tail_ = piece.size() >= keep ? std::string(piece.substr(piece.size() - keep)) : [&] {
    const std::string all = tail_ + std::string(piece);
    return all.size() > keep ? all.substr(all.size() - keep) : all;
  }();
}

}  // namespace mizzen::bench
