#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message/headers.h"

namespace mizzen::http {

/// The start line and header fields of an HTTP/1 message.
struct H1Head {
  std::string method;  ///< requests
  std::string target;  ///< requests, as sent
  int status = 0;      ///< responses
  int version = 11;    ///< 10 or 11
  Headers headers;
  bool chunked = false;
  std::optional<uint64_t> content_length;
  bool keep_alive = true;
};

/// Limits of a header block; beyond them it is refused with 431.
struct H1Limits {
  size_t header_bytes_max = 64 * 1024;
  size_t headers_max = 200;
};

/// What is wrong with a message: the status to answer and a word why.
struct H1Fault {
  int status = 400;
  std::string why;
};

/// Outcome of looking for a header block.
struct H1HeadResult {
  size_t consumed = 0;  ///< 0: more bytes are needed
  std::optional<H1Fault> fault;
};

/// Takes the header block from the front of `in`. Stricter than RFC 9112 allows: no bare CR or LF, no folded
/// lines, no control characters, one Content-Length or "chunked" but not both, exactly one Host in HTTP/1.1
/// requests; so nothing in front of or behind us can see another message than we do.
H1HeadResult parse_request_head(std::string_view in, const H1Limits& limits, H1Head& out);
H1HeadResult parse_response_head(std::string_view in, const H1Limits& limits, H1Head& out);

/// Role: finds the end of one message body and strips chunk framing.
/// Threading: confined. Bounds: chunk lines and trailers of kChunkLineMax bytes in all.
class H1BodyReader {
 public:
  enum class Kind { None, Length, Chunked, ToEof };
  H1BodyReader() = default;
  H1BodyReader(Kind kind, uint64_t length) : kind_(kind), left_(length) {
    if (kind == Kind::Chunked) {
      state_ = State::Size;
      left_ = 0;
    } else if (kind == Kind::ToEof || (kind == Kind::Length && length > 0)) {
      state_ = State::Data;
    }
  }
  bool done() const { return state_ == State::Done; }
  Kind kind() const { return kind_; }
  /// Bytes still to come of a body by Length, or of the current chunk.
  uint64_t left() const { return left_; }
  /// Takes bytes from the front of `in` and appends body bytes to `out`, at most `out_max` of them; returns
  /// how many bytes it took. BadRequest on malformed framing.
  Result<size_t> feed(std::string_view in, std::string& out, size_t out_max);
  /// The peer closed: true where that is an orderly end.
  bool on_eof();

 private:
  enum class State : uint8_t { Data, Size, AfterData, Trailer, Done };
  Result<size_t> take_line(std::string_view in, std::string_view& line, bool& whole);
  Result<void> begin_chunk(std::string_view line);

  Kind kind_ = Kind::None;
  State state_ = State::Done;
  uint64_t left_ = 0;
  uint32_t line_bytes_ =
      0;              ///< of chunk lines since the last data, against floods of extensions and trailers
  std::string line_;  ///< a chunk line cut by the end of input
};
inline constexpr uint32_t kChunkLineMax = 16 * 1024;

}  // namespace mizzen::http
