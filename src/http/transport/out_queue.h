#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/slice.h"

namespace mizzen::http {

/// Role: bytes on their way to one descriptor: small pieces are gathered by copy, big slices are only
/// referenced. Threading: confined to the connection's loop. Bounds: its users stop adding at kOutHighWater
/// (they are asked for more when it is drained).
class OutQueue {
 public:
  void append(std::string_view bytes);
  void append_slice(const Slice& slice);
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  /// Copies the first bytes into `to`, at most its size, without removing them.
  size_t peek(std::span<char> to) const;
  /// The first contiguous run.
  std::string_view front() const;
  void consume(size_t n);
  /// Fills iovec-like pairs; returns how many.
  size_t gather(std::span<std::string_view> to) const;
  void clear();

 private:
  struct Piece {
    Slice slice;        ///< used where not `owned`
    std::string owned;  ///< growing tail of small pieces
    std::string_view view() const { return slice.data() != nullptr ? slice.view() : std::string_view(owned); }
  };
  std::vector<Piece> pieces_;
  size_t first_ = 0;   ///< index of the first piece still needed
  size_t offset_ = 0;  ///< consumed bytes of it
  size_t size_ = 0;
};
inline constexpr size_t kOutHighWater = 64 * 1024;
inline constexpr size_t kCopyBytesMax = 1024;       ///< slices up to this are copied into the tail
inline constexpr size_t kTailBytesMax = 16 * 1024;  ///< a tail grows no further

}  // namespace mizzen::http
