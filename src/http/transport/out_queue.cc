#include "http/transport/out_queue.h"

#include <algorithm>
#include <cstring>

namespace mizzen::http {

void OutQueue::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const bool room = first_ < pieces_.size() && pieces_.back().slice.data() == nullptr &&
                      pieces_.back().owned.size() < kTailBytesMax;
    if (!room) pieces_.emplace_back();
    std::string& tail = pieces_.back().owned;
    const size_t n = std::min(bytes.size(), kTailBytesMax - tail.size());
    tail.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    size_ += n;
  }
}

void OutQueue::append_slice(const Slice& slice) {
  if (slice.size() <= kCopyBytesMax) return append(slice.view());
  pieces_.push_back({slice, {}});
  size_ += slice.size();
}

std::string_view OutQueue::front() const {
  return size_ == 0 ? std::string_view() : pieces_[first_].view().substr(offset_);
}

size_t OutQueue::peek(std::span<char> to) const {
  size_t done = 0;
  size_t offset = offset_;
  for (size_t i = first_; i < pieces_.size() && done < to.size(); ++i) {
    const std::string_view bytes = pieces_[i].view().substr(offset);
    offset = 0;
    const size_t n = std::min(bytes.size(), to.size() - done);
    std::memcpy(to.data() + done, bytes.data(), n);
    done += n;
  }
  return done;
}

size_t OutQueue::gather(std::span<std::string_view> to) const {
  size_t done = 0;
  size_t offset = offset_;
  for (size_t i = first_; i < pieces_.size() && done < to.size(); ++i) {
    to[done++] = pieces_[i].view().substr(offset);
    offset = 0;
  }
  return done;
}

void OutQueue::consume(size_t n) {
  size_ -= n;
  while (n > 0) {
    const size_t left = pieces_[first_].view().size() - offset_;
    if (n < left) {
      offset_ += n;
      return;
    }
    n -= left;
    offset_ = 0;
    pieces_[first_] = Piece();
    ++first_;
  }
  if (first_ == pieces_.size()) {
    clear();
  } else if (first_ > 64 && first_ * 2 > pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutQueue::clear() {
  pieces_ = std::vector<Piece>();
  first_ = offset_ = size_ = 0;
}

}  // namespace mizzen::http
