#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace mizzen::codec {

/// Appends a number as protobuf writes it.
inline void append_varint(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  out += static_cast<char>(v);
}

/// Role: goes through the fields of protobuf bytes one after the other, without tables. For bytes that our
/// encoder made, or that have been decoded before: it aborts on malformed ones. Threading: a plain value;
/// the bytes must outlive it.
class WireFields {
 public:
  explicit WireFields(std::string_view bytes) : bytes_(bytes) {}

  /// False at the end.
  [[gnu::always_inline]] bool next() {
    begin_ = at_;
    if (at_ >= bytes_.size()) return false;
    const uint64_t tag = varint();
    number_ = static_cast<uint32_t>(tag >> 3);
    switch (tag & 7) {
      case 0:
        integer_ = varint();
        value_ = {};
        break;
      case 1:
        value_ = take(8);
        break;
      case 2:
        value_ = take(varint());
        break;
      default:
        value_ = take(4);
    }
    return true;
  }
  uint32_t number() const { return number_; }
  uint64_t integer() const { return integer_; }      ///< of a varint
  std::string_view value() const { return value_; }  ///< of all others
  size_t begin() const { return begin_; }            ///< where the field begins, with its tag
  size_t end() const { return at_; }

 private:
  [[gnu::always_inline]] uint64_t varint() {
    if (at_ < bytes_.size() && static_cast<uint8_t>(bytes_[at_]) < 0x80) [[likely]]
      return static_cast<uint8_t>(bytes_[at_++]);
    return long_varint();
  }
  [[gnu::noinline]] uint64_t long_varint() {
    uint64_t out = 0;
    for (int shift = 0; at_ < bytes_.size() && shift < 64; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(bytes_[at_++]);
      out |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
    MZ_CHECK(false, "a number is cut off at byte {} of {}", at_, bytes_.size());
    return 0;
  }
  std::string_view take(uint64_t n) {
    MZ_CHECK(n <= bytes_.size() - at_, "a field of {} bytes ends after {}", n, bytes_.size() - at_);
    const std::string_view out = bytes_.substr(at_, n);
    at_ += n;
    return out;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  size_t begin_ = 0;
  uint32_t number_ = 0;
  uint64_t integer_ = 0;
  std::string_view value_;
};

}  // namespace mizzen::codec
