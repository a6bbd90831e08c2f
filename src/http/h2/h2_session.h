#pragma once
#include <nghttp2/nghttp2.h>

#include <memory>
#include <string_view>

#include "http/message/slice.h"
#include "http/transport/out_queue.h"

namespace mizzen::http {

/// Frees an nghttp2 session.
struct H2SessionFree {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using H2SessionPtr = std::unique_ptr<nghttp2_session, H2SessionFree>;

/// A header field for nghttp2, without copying on our side.
inline nghttp2_nv h2_field(std::string_view name, std::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

/// Body slices on their way into DATA frames.
class H2Pending {
 public:
  void push(Slice slice) {
    if (slice.empty()) return;
    size_ += slice.size();
    slices_.push_back(std::move(slice));
  }
  size_t size() const { return size_; }
  /// Moves exactly `n` bytes into `out`. Requires n <= size().
  void move(size_t n, OutQueue& out) {
    size_ -= n;
    while (n > 0) {
      Slice& slice = slices_[first_];
      if (slice.size() > n) {
        out.append_slice(slice.sub(0, n));
        slice = slice.sub(n);
        return;
      }
      n -= slice.size();
      out.append_slice(slice);
      slice = Slice();
      ++first_;
    }
    if (first_ == slices_.size()) {
      clear();
    } else if (first_ > 64 && first_ * 2 > slices_.size()) {
      slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }
  void clear() {
    slices_ = std::vector<Slice>();
    first_ = size_ = 0;
  }

 private:
  std::vector<Slice> slices_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace mizzen::http
