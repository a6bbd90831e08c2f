#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "client/api/api_client.h"
#include "rest/wire/path.h"

namespace mizzen::rest {

/// Role: cuts the bytes of a watch into events, in whatever pieces they come. Threading: a plain value.
/// Bounds: kFrameBytesMax a frame.
class WatchFrames {
 public:
  static constexpr size_t kFrameBytesMax = 64u << 20;
  WatchFrames(const ResourceInfo& resource, std::string content_type);

  /// What is complete now, appended to `out`; the rest waits. Errors: InternalError where the bytes are no
  /// events, or a frame is too large; what the server says in an ERROR event. `out` has what came before it.
  Result<void> feed(std::string_view bytes, std::vector<client::WatchEvent>& out);

 private:
  /// The first whole frame at `at`, which moves behind it; nothing where it is not whole.
  Result<std::optional<std::string_view>> next_frame(size_t& at) const;
  Result<client::WatchEvent> decode(std::string_view frame) const;

  const api::ResourcePtr resource_;
  const std::string content_type_;
  const bool proto_;
  std::string rest_;
  size_t searched_ = 0;  ///< so much of rest_ has no line break
};

}  // namespace mizzen::rest
