#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mizzen::http {

/// A run of bytes that shares the life of what owns them: how a body encoded once reaches many peers
/// uncopied. Threading: immutable; copying shares.
class Slice {
 public:
  Slice() = default;
  Slice(std::string text) : Slice(std::make_shared<const std::string>(std::move(text))) {}
  Slice(const char* text) : Slice(std::string(text)) {}
  Slice(std::shared_ptr<const std::string> text)
      : bytes_(text ? *text : std::string_view()), owner_(std::move(text)) {}
  Slice(std::shared_ptr<std::string> text) : Slice(std::shared_ptr<const std::string>(std::move(text))) {}
  /// `bytes` live at least as long as `owner`; a null owner means that they live forever.
  Slice(std::shared_ptr<const void> owner, std::string_view bytes)
      : bytes_(bytes), owner_(std::move(owner)) {}

  std::string_view view() const { return bytes_; }
  const char* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  /// The part from `offset`, at most `n` long. Requires offset <= size().
  Slice sub(size_t offset, size_t n = std::string_view::npos) const {
    return Slice(owner_, bytes_.substr(offset, n));
  }

 private:
  std::string_view bytes_;
  std::shared_ptr<const void> owner_;
};

/// A message body: its slices one after the other.
using Body = std::vector<Slice>;

inline size_t body_size(const Body& body) {
  size_t n = 0;
  for (const Slice& slice : body) n += slice.size();
  return n;
}

}  // namespace mizzen::http
