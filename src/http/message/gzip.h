#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message/headers.h"
#include "http/message/slice.h"

namespace mizzen::http {

/// Answers longer than this are worth compressing, as upstream has it.
inline constexpr size_t kGzipBytesMin = 128 * 1024;
inline constexpr int kGzipLevel = 1;

/// True where the Accept-Encoding of a request names gzip without q=0.
bool accepts_gzip(const Headers& request_headers);
/// One gzip member of the whole body. CPU: about 10 ms a MiB at level 1, so not on a loop for big bodies.
Slice gzip(const Body& body, int level = kGzipLevel);
/// Role: the same piece by piece. Threading: a plain value. Cost: about 10 ms a MiB at level 1, 260 KiB while
/// it lives.
class GzipStream {
 public:
  explicit GzipStream(int level = kGzipLevel);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  /// What is ready once `bytes` have been taken in; often nothing.
  std::string feed(std::string_view bytes);
  /// The end. Nothing may follow.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
/// The other way, for clients and tests; RequestEntityTooLarge beyond `bytes_max`, BadRequest where
/// malformed.
Result<std::string> gunzip(std::string_view bytes, size_t bytes_max);

}  // namespace mizzen::http
