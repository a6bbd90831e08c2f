#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace mizzen {

/// Role: appends many short pieces to a string; a piece costs a comparison and a copy, where
/// std::string::append costs two calls. What was written is in the string when it is destroyed or
/// flush() was called; until then the string must not be touched. Threading: confined to its owner. Bounds:
/// room for twice what it writes.
class TextOut {
 public:
  explicit TextOut(std::string& out)
      : out_(out), begin_(out.size()), size_(begin_), data_(out.data()), capacity_(size_) {}
  TextOut(const TextOut&) = delete;
  TextOut& operator=(const TextOut&) = delete;
  ~TextOut() { flush(); }

  void flush() {
    out_.resize(size_);
    capacity_ = size_;
    data_ = out_.data();
  }
  size_t size() const { return size_; }
  /// Takes back what was written behind the first `size` bytes.
  void cut(size_t size) { size_ = size; }
  char& operator[](size_t i) { return data_[i]; }

  TextOut& operator+=(char c) {
    *room(1) = c;
    ++size_;
    return *this;
  }
  TextOut& operator+=(std::string_view text) { return append(text.data(), text.size()); }
  TextOut& append(std::string_view text) { return append(text.data(), text.size()); }
  TextOut& append(const char* text, size_t n) {
    copy(room(n), text, n);
    size_ += n;
    return *this;
  }

 private:
  static constexpr size_t kStep = 1024;

  char* room(size_t n) {
    if (n > capacity_ - size_) [[unlikely]]
      grow(n);
    return data_ + size_;
  }
  void grow(size_t n) {
    capacity_ = size_ + std::max({n, kStep, size_ - begin_});
    out_.resize(capacity_);
    data_ = out_.data();
  }
  /// As memcpy, which is a call where the length is not known.
  static void copy(char* to, const char* from, size_t n) {
    if (n > 32) {
      std::memcpy(to, from, n);
    } else if (n >= 16) {
      ends<16>(to, from, n);
    } else if (n >= 8) {
      ends<8>(to, from, n);
    } else if (n >= 4) {
      ends<4>(to, from, n);
    } else {
      for (size_t i = 0; i < n; ++i) to[i] = from[i];
    }
  }
  /// Copies the first K bytes and the last K, which may overlap.
  template <size_t K>
  static void ends(char* to, const char* from, size_t n) {
    char first[K], last[K];
    std::memcpy(first, from, K);
    std::memcpy(last, from + n - K, K);
    std::memcpy(to, first, K);
    std::memcpy(to + n - K, last, K);
  }

  std::string& out_;
  const size_t begin_;
  size_t size_;
  char* data_;
  size_t capacity_;  ///< how far the string has been made longer
};

}  // namespace mizzen
