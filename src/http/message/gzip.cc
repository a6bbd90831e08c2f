#include "http/message/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::http {
namespace {
constexpr int kGzipWindow = 15 + 16;  // zlib's way of asking for the gzip wrapper
constexpr size_t kChunkBytes = 64 * 1024;
}  // namespace

bool accepts_gzip(const Headers& request_headers) {
  for (std::string_view token : request_headers.tokens("Accept-Encoding")) {
    const size_t semicolon = token.find(';');
    if (!iequals(trim(token.substr(0, semicolon)), "gzip")) continue;
    if (semicolon == std::string_view::npos) return true;
    std::string_view weight = trim(token.substr(semicolon + 1));
    if (!weight.starts_with("q=")) return true;
    weight.remove_prefix(2);
    return std::any_of(weight.begin(), weight.end(), [](char c) { return c >= '1' && c <= '9'; });
  }
  return false;
}

struct GzipStream::State {
  z_stream z{};
  bool usable = false;

  std::string run(std::string_view in, int flush) {
    std::string out;
    if (!usable) return out;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    z.avail_in = static_cast<uInt>(in.size());
    do {
      const size_t at = out.size();
      const size_t room = deflateBound(&z, std::min(static_cast<size_t>(z.avail_in), kChunkBytes)) + 64;
      out.resize(at + room);
      z.next_out = reinterpret_cast<Bytef*>(out.data() + at);
      z.avail_out = static_cast<uInt>(room);
      deflate(&z, flush);
      out.resize(out.size() - z.avail_out);
    } while (z.avail_out == 0);
    return out;
  }
};

GzipStream::GzipStream(int level) : state_(std::make_unique<State>()) {
  // Only a broken build of zlib refuses these arguments; nothing comes out then, which no peer takes for
  // gzip.
  state_->usable = deflateInit2(&state_->z, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

GzipStream::~GzipStream() {
  if (state_->usable) deflateEnd(&state_->z);
}

std::string GzipStream::feed(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, 1U << 30);  // zlib counts with 32 bits
    out += state_->run(part, Z_NO_FLUSH);
    bytes.remove_prefix(part.size());
  }
  return out;
}

std::string GzipStream::finish() { return state_->run({}, Z_FINISH); }

Slice gzip(const Body& body, int level) {
  GzipStream stream(level);
  std::string out;
  out.reserve(body_size(body) / 6 + 256);
  for (const Slice& slice : body) out += stream.feed(slice.view());
  out += stream.finish();
  return Slice(std::move(out));
}

Result<std::string> gunzip(std::string_view bytes, size_t bytes_max) {
  z_stream z{};
  if (inflateInit2(&z, kGzipWindow) != Z_OK) return Error(Code::InternalError, "zlib cannot start");
  if (bytes.size() > (1U << 30)) {
    inflateEnd(&z);
    return Error(Code::RequestEntityTooLarge, "compressed body too large");
  }
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int rc = Z_OK;
  while (rc == Z_OK && out.size() <= bytes_max) {
    const size_t at = out.size();
    out.resize(at + kChunkBytes);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    z.avail_out = kChunkBytes;
    rc = inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
  }
  const bool whole = rc == Z_STREAM_END && z.avail_in == 0;
  inflateEnd(&z);
  if (out.size() > bytes_max) return Error(Code::RequestEntityTooLarge, "decompressed body too large");
  if (!whole) return Error(Code::BadRequest, "malformed gzip body");
  return out;
}

}  // namespace mizzen::http
