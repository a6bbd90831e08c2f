// SPDY frames in pieces: nothing is held beyond its bound, no more data comes out than went in.
#include <cstdint>
#include <cstdlib>

#include "http/spdy/codec.h"

namespace {

using namespace mizzen::http;

struct Count final : SpdySink {
  size_t bytes = 0;
  void headers(const Headers& h) {
    size_t n = 0;
    for (const Header& f : h) n += f.name.size() + f.value.size();
    if (n > kSpdyHeaderBytesMax * 2) std::abort();
  }
  void on_syn_stream(uint32_t stream, const Headers& h, bool) override {
    if (stream == 0) std::abort();
    headers(h);
  }
  void on_syn_reply(uint32_t, const Headers& h, bool) override { headers(h); }
  void on_data(uint32_t, std::string_view b, bool) override { bytes += b.size(); }
  void on_reset(uint32_t, uint32_t) override {}
  void on_ping(uint32_t) override {}
  void on_goaway(uint32_t) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const size_t step = 1 + data[0];
  std::string_view in(reinterpret_cast<const char*>(data + 1), size - 1);
  SpdyDecoder decoder;
  Count count;
  while (!in.empty()) {
    const std::string_view piece = in.substr(0, step);
    if (!decoder.feed(piece, count).ok()) break;
    in.remove_prefix(piece.size());
  }
  if (count.bytes > size) std::abort();
  return 0;
}
