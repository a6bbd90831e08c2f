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

Slice gzip(const Body& body, int level) {
  z_stream z{};
  // Only a broken build of zlib refuses these arguments; an empty slice then says so.
  if (deflateInit2(&z, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out;
  out.reserve(body_size(body) / 6 + 256);
  const auto run = [&](std::string_view in, int flush) {
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    z.avail_in = static_cast<uInt>(in.size());
    do {
      const size_t at = out.size();
      out.resize(at + kChunkBytes);
      z.next_out = reinterpret_cast<Bytef*>(out.data() + at);
      z.avail_out = kChunkBytes;
      deflate(&z, flush);
      out.resize(out.size() - z.avail_out);
    } while (z.avail_out == 0);
  };
  for (const Slice& slice : body) {
    std::string_view rest = slice.view();
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, 1U << 30);  // avail_in has 32 bits
      run(part, Z_NO_FLUSH);
      rest.remove_prefix(part.size());
    }
  }
  run({}, Z_FINISH);
  deflateEnd(&z);
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
