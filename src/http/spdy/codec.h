#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message/headers.h"

namespace mizzen::http {

/// Status of a RST_STREAM frame.
enum class SpdyReset : uint32_t {
  ProtocolError = 1,
  InvalidStream = 2,
  RefusedStream = 3,
  Cancel = 5,
  InternalError = 6
};

/// Role: makes SPDY/3.1 frames. Flow-control windows are not kept: no peer that is left (spdystream in
/// kubectl, kubelet and containerd) sends or heeds WINDOW_UPDATE; TCP holds a fast sender back. Threading:
/// confined where headers are sent (they share one compression state); data(), ping() and the other static
/// functions may be called from anywhere.
class SpdyEncoder {
 public:
  SpdyEncoder();
  ~SpdyEncoder();
  SpdyEncoder(const SpdyEncoder&) = delete;
  SpdyEncoder& operator=(const SpdyEncoder&) = delete;

  std::string syn_stream(uint32_t stream, const Headers& headers, bool fin = false);
  std::string syn_reply(uint32_t stream, const Headers& headers, bool fin = false);
  /// Requires bytes.size() < 2^24.
  static std::string data(uint32_t stream, std::string_view bytes, bool fin);
  static std::string reset(uint32_t stream, SpdyReset status);
  static std::string ping(uint32_t id);
  static std::string goaway(uint32_t last_stream);

 private:
  struct Zlib;
  std::string header_block(const Headers& headers);
  std::unique_ptr<Zlib> zlib_;
};

/// What a SpdyDecoder tells. Called in the order of the frames.
class SpdySink {
 public:
  virtual void on_syn_stream(uint32_t stream, const Headers& headers, bool fin) = 0;
  virtual void on_syn_reply(uint32_t stream, const Headers& headers, bool fin) = 0;
  /// A piece of a DATA frame; `fin` with its last.
  virtual void on_data(uint32_t stream, std::string_view bytes, bool fin) = 0;
  virtual void on_reset(uint32_t stream, uint32_t status) = 0;
  virtual void on_ping(uint32_t id) = 0;
  virtual void on_goaway(uint32_t last_stream) = 0;

 protected:
  ~SpdySink() = default;
};

/// Role: reads SPDY/3.1 frames from bytes in pieces of any size.
/// Threading: confined. Failure: BadRequest on malformed frames; the connection is then of no use.
/// Bounds: control frames of kSpdyControlBytesMax, header blocks of kSpdyHeaderBytesMax once inflated; DATA
/// is passed on in pieces and never held.
class SpdyDecoder {
 public:
  SpdyDecoder();
  ~SpdyDecoder();
  SpdyDecoder(const SpdyDecoder&) = delete;
  SpdyDecoder& operator=(const SpdyDecoder&) = delete;
  Result<void> feed(std::string_view bytes, SpdySink& sink);

 private:
  struct Zlib;
  Result<void> control(std::string_view payload, SpdySink& sink);
  Result<Headers> inflate_headers(std::string_view block);

  std::unique_ptr<Zlib> zlib_;
  std::string head_;     ///< up to 8 bytes of a frame head
  std::string control_;  ///< payload of a control frame until whole
  uint32_t left_ = 0;    ///< payload bytes still to come
  bool in_frame_ = false;
  bool is_control_ = false;
  uint16_t type_ = 0;
  uint8_t flags_ = 0;
  uint32_t stream_ = 0;
};
inline constexpr uint32_t kSpdyControlBytesMax = 64 * 1024;
inline constexpr size_t kSpdyHeaderBytesMax = 64 * 1024;
inline constexpr uint32_t kSpdyHeadersMax = 100;

/// The dictionary both sides of header compression start from.
const std::string& spdy_dictionary();

}  // namespace mizzen::http
