// WebSocket frames in pieces of every size, either side: messages stay within their bound.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/websocket/websocket.h"

namespace {

using namespace mizzen::http;

constexpr size_t kMessageBytesMax = 1000;

/// A duplex without a network: bytes are handed in by the fuzzer, what is written is dropped.
class FuzzDuplex final : public Duplex {
 public:
  explicit FuzzDuplex(Loop& loop) : loop_(loop) {}
  Loop& loop() override { return loop_; }
  void start(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Write write(Slice slice) override {
    written_ += slice.size();
    return closed_ ? Write::Closed : Write::Ok;
  }
  size_t buffered_bytes() const override { return 0; }
  size_t buffer_bytes_max() const override { return kDuplexBufferBytesMax; }
  void pause() override {}
  void resume() override {}
  void shutdown_write() override {}
  void close() override { closed_ = true; }
  void cut() override { closed_ = true; }

  Loop& loop_;
  Callbacks callbacks_;
  size_t written_ = 0;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Loop loop(mizzen::real_clock(), mizzen::secure_random());
  if (size < 2) return 0;
  const size_t step = 1 + data[1];
  std::string_view in(reinterpret_cast<const char*>(data + 2), size - 2);
  auto duplex = std::make_shared<FuzzDuplex>(loop);
  auto socket = WebSocket::over(duplex, (data[0] & 1) != 0, {.message_bytes_max = kMessageBytesMax});
  size_t total = 0;
  socket->start({.on_message = [&](std::string_view message, bool) {
    if (message.size() > kMessageBytesMax) std::abort();
    total += message.size();
  }});
  while (!in.empty() && !duplex->closed_) {
    const std::string_view piece = in.substr(0, step);
    duplex->callbacks_.on_data(piece);
    in.remove_prefix(piece.size());
  }
  if (total > size || duplex->written_ > 200 * size + 200) std::abort();
  duplex->callbacks_.on_closed(mizzen::Error(mizzen::Code::Cancelled, "end"));
  return 0;
}
