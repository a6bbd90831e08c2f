#include "http/spdy/codec.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/strings.h"

namespace mizzen::http {
namespace {

constexpr uint16_t kVersion = 3;
enum Type : uint16_t {
  SynStream = 1,
  SynReply = 2,
  RstStream = 3,
  Settings = 4,
  Ping = 6,
  GoAway = 7,
  HeadersFrame = 8,
  WindowUpdate = 9
};
constexpr uint8_t kFin = 1;
// Headers of a session are few and short: small windows, so that an idle session costs little.
constexpr int kDeflateWindowBits = 11;
constexpr int kDeflateMemLevel = 2;

void put32(std::string& out, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((v >> shift) & 0xff);
}

uint32_t get32(std::string_view in, size_t at) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; ++i) v = (v << 8) | static_cast<uint8_t>(in[at + i]);
  return v;
}

std::string control_frame(Type type, uint8_t flags, std::string_view payload) {
  std::string out;
  out.reserve(8 + payload.size());
  put32(out, 0x80000000U | (static_cast<uint32_t>(kVersion) << 16) | type);
  put32(out, (static_cast<uint32_t>(flags) << 24) | static_cast<uint32_t>(payload.size()));
  return out.append(payload);
}

Error malformed(const char* what) {
  return Error(Code::BadRequest, std::string("malformed SPDY frame: ") + what);
}

const Bytef* bytes_of(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

}  // namespace

struct SpdyEncoder::Zlib {
  z_stream z{};
};

SpdyEncoder::SpdyEncoder() : zlib_(std::make_unique<Zlib>()) {
  const std::string& dictionary = spdy_dictionary();
  // Only wrong arguments or no memory make these fail: neither is input.
  if (deflateInit2(&zlib_->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kDeflateWindowBits, kDeflateMemLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK ||
      deflateSetDictionary(&zlib_->z, bytes_of(dictionary), static_cast<uInt>(dictionary.size())) != Z_OK)
    std::abort();
}

SpdyEncoder::~SpdyEncoder() { deflateEnd(&zlib_->z); }

std::string SpdyEncoder::header_block(const Headers& headers) {
  std::string plain;
  put32(plain, static_cast<uint32_t>(headers.size()));
  for (const Header& h : headers) {
    const std::string name = to_lower(h.name);
    put32(plain, static_cast<uint32_t>(name.size()));
    plain += name;
    put32(plain, static_cast<uint32_t>(h.value.size()));
    plain += h.value;
  }
  z_stream& z = zlib_->z;
  z.next_in = const_cast<Bytef*>(bytes_of(plain));
  z.avail_in = static_cast<uInt>(plain.size());
  std::string out;
  std::array<char, 1024> chunk;
  do {
    z.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.avail_out = chunk.size();
    deflate(&z, Z_SYNC_FLUSH);
    out.append(chunk.data(), chunk.size() - z.avail_out);
  } while (z.avail_out == 0);
  return out;
}

std::string SpdyEncoder::syn_stream(uint32_t stream, const Headers& headers, bool fin) {
  std::string payload;
  put32(payload, stream);
  put32(payload, 0);  // associated to none
  payload.append(2, '\0');
  payload += header_block(headers);
  return control_frame(SynStream, fin ? kFin : 0, payload);
}

std::string SpdyEncoder::syn_reply(uint32_t stream, const Headers& headers, bool fin) {
  std::string payload;
  put32(payload, stream);
  payload += header_block(headers);
  return control_frame(SynReply, fin ? kFin : 0, payload);
}

std::string SpdyEncoder::data(uint32_t stream, std::string_view bytes, bool fin) {
  std::string out;
  out.reserve(8 + bytes.size());
  put32(out, stream);
  put32(out, (static_cast<uint32_t>(fin ? kFin : 0) << 24) | static_cast<uint32_t>(bytes.size()));
  return out.append(bytes);
}

std::string SpdyEncoder::reset(uint32_t stream, SpdyReset status) {
  std::string payload;
  put32(payload, stream);
  put32(payload, static_cast<uint32_t>(status));
  return control_frame(RstStream, 0, payload);
}

std::string SpdyEncoder::ping(uint32_t id) {
  std::string payload;
  put32(payload, id);
  return control_frame(Ping, 0, payload);
}

std::string SpdyEncoder::goaway(uint32_t last_stream) {
  std::string payload;
  put32(payload, last_stream);
  put32(payload, 0);
  return control_frame(GoAway, 0, payload);
}

struct SpdyDecoder::Zlib {
  z_stream z{};
};

SpdyDecoder::SpdyDecoder() : zlib_(std::make_unique<Zlib>()) {
  if (inflateInit(&zlib_->z) != Z_OK) std::abort();
}

SpdyDecoder::~SpdyDecoder() { inflateEnd(&zlib_->z); }

Result<void> SpdyDecoder::feed(std::string_view bytes, SpdySink& sink) {
  while (!bytes.empty() || (in_frame_ && left_ == 0)) {
    if (!in_frame_) {
      const size_t n = std::min<size_t>(8 - head_.size(), bytes.size());
      head_.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (head_.size() < 8) return {};
      const uint32_t first = get32(head_, 0);
      const uint32_t second = get32(head_, 4);
      head_.clear();
      flags_ = static_cast<uint8_t>(second >> 24);
      left_ = second & 0xffffff;
      is_control_ = (first & 0x80000000U) != 0;
      in_frame_ = true;
      if (is_control_) {
        if (((first >> 16) & 0x7fff) != kVersion) return malformed("version");
        if (left_ > kSpdyControlBytesMax) return malformed("control frame too large");
        type_ = static_cast<uint16_t>(first & 0xffff);
        control_.clear();
      } else {
        stream_ = first;
        if (stream_ == 0) return malformed("data on stream zero");
      }
    }
    const std::string_view piece = bytes.substr(0, left_);
    bytes.remove_prefix(piece.size());
    left_ -= static_cast<uint32_t>(piece.size());
    if (is_control_) {
      control_.append(piece);
      if (left_ > 0) return {};
      in_frame_ = false;
      MZ_TRY(control(control_, sink));
      control_ = std::string();
    } else {
      const bool last = left_ == 0;
      if (last) in_frame_ = false;
      const bool fin = last && (flags_ & kFin) != 0;
      if (!piece.empty() || fin) sink.on_data(stream_, piece, fin);
      if (!last) return {};
    }
  }
  return {};
}

Result<void> SpdyDecoder::control(std::string_view payload, SpdySink& sink) {
  const bool fin = (flags_ & kFin) != 0;
  const auto need = [&](size_t n) { return payload.size() >= n; };
  switch (type_) {
    case SynStream: {
      if (!need(10)) return malformed("SYN_STREAM");
      const uint32_t stream = get32(payload, 0) & 0x7fffffff;
      MZ_ASSIGN(const Headers headers, inflate_headers(payload.substr(10)));
      if (stream == 0) return malformed("stream zero");
      sink.on_syn_stream(stream, headers, fin);
      return {};
    }
    case SynReply:
    case HeadersFrame: {
      if (!need(4)) return malformed("SYN_REPLY or HEADERS");
      // HEADERS say nothing we need, but their block moves the compression state on.
      MZ_ASSIGN(const Headers headers, inflate_headers(payload.substr(4)));
      const uint32_t stream = get32(payload, 0) & 0x7fffffff;
      if (type_ == SynReply) sink.on_syn_reply(stream, headers, fin);
      if (type_ == HeadersFrame && fin) sink.on_data(stream, {}, true);
      return {};
    }
    case RstStream:
      if (payload.size() != 8) return malformed("RST_STREAM");
      sink.on_reset(get32(payload, 0) & 0x7fffffff, get32(payload, 4));
      return {};
    case Ping:
      if (payload.size() != 4) return malformed("PING");
      sink.on_ping(get32(payload, 0));
      return {};
    case GoAway:
      if (payload.size() != 8) return malformed("GOAWAY");
      sink.on_goaway(get32(payload, 0) & 0x7fffffff);
      return {};
    case Settings:
    case WindowUpdate:
      return {};
    default:
      return malformed("unknown type");
  }
}

Result<Headers> SpdyDecoder::inflate_headers(std::string_view block) {
  z_stream& z = zlib_->z;
  z.next_in = const_cast<Bytef*>(bytes_of(block));
  z.avail_in = static_cast<uInt>(block.size());
  std::string plain;
  std::array<char, 4096> chunk;
  for (;;) {
    z.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.avail_out = chunk.size();
    int rc = inflate(&z, Z_SYNC_FLUSH);
    if (rc == Z_NEED_DICT) {
      const std::string& dictionary = spdy_dictionary();
      if (inflateSetDictionary(&z, bytes_of(dictionary), static_cast<uInt>(dictionary.size())) != Z_OK)
        return malformed("another dictionary");
      continue;
    }
    plain.append(chunk.data(), chunk.size() - z.avail_out);
    if (plain.size() > kSpdyHeaderBytesMax) return malformed("headers too large");
    if (rc == Z_BUF_ERROR) break;  // all input is used and all output taken
    if (rc != Z_OK) return malformed("header compression");
    if (z.avail_in == 0 && z.avail_out > 0) break;
  }
  size_t at = 0;
  const auto take = [&](std::string_view& out) {
    if (plain.size() - at < 4) return false;
    const uint32_t n = get32(plain, at);
    at += 4;
    if (n > plain.size() - at) return false;
    out = std::string_view(plain).substr(at, n);
    at += n;
    return true;
  };
  if (plain.size() < 4) return malformed("header block");
  const uint32_t count = get32(plain, 0);
  at = 4;
  if (count > kSpdyHeadersMax) return malformed("too many headers");
  Headers out;
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view name;
    std::string_view values;
    if (!take(name) || !take(values)) return malformed("header block");
    for (std::string_view value : split(values, '\0')) out.add(std::string(name), std::string(value));
  }
  if (at != plain.size()) return malformed("bytes behind the header block");
  return out;
}

}  // namespace mizzen::http
