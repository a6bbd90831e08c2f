// A session between a WebSocket client and a SPDY server that both say anything: it ends at most once, with
// one status, and what goes through is bounded by what came in.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/spdy/codec.h"
#include "streaming/stream_translate.h"

namespace {

using namespace mizzen::http;

/// The server's end: bytes are handed in by the fuzzer, what is written is counted.
class FuzzDuplex final : public Duplex {
 public:
  explicit FuzzDuplex(Loop& loop) : loop_(loop) {}
  Loop& loop() override { return loop_; }
  void start(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Write write(Slice slice) override {
    if (closed_) return Write::Closed;
    if (full_) return Write::Full;
    written_ += slice.size();
    return Write::Ok;
  }
  size_t buffered_bytes() const override { return full_ ? buffer_bytes_max() : 0; }
  size_t buffer_bytes_max() const override { return kDuplexBufferBytesMax; }
  void pause() override {}
  void resume() override {}
  void shutdown_write() override {}
  void close() override { closed_ = true; }
  void cut() override { closed_ = true; }

  Loop& loop_;
  Callbacks callbacks_;
  size_t written_ = 0;
  bool full_ = false;
  bool closed_ = false;
};

/// The client's end, above the frames.
class FuzzSocket final : public WebSocket {
 public:
  explicit FuzzSocket(Loop& loop) : loop_(loop) {}
  const std::string& protocol() const override { return protocol_; }
  Loop& loop() override { return loop_; }
  void start(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Duplex::Write send(std::string_view message, bool) override {
    if (closed_) return Duplex::Write::Closed;
    if (full_) return Duplex::Write::Full;
    sent_ += message.size();
    statuses_ += message.size() > 1 && message[0] == 3;  // an empty one says that the session stands
    return Duplex::Write::Ok;
  }
  size_t buffered_bytes() const override { return full_ ? kDuplexBufferBytesMax : 0; }
  void pause() override {}
  void resume() override {}
  void close(uint16_t, std::string_view) override { closed_ = true; }
  void cut() override { closed_ = true; }

  Loop& loop_;
  const std::string protocol_ = kStreamProtocolV5;
  Callbacks callbacks_;
  size_t sent_ = 0;
  size_t statuses_ = 0;
  bool full_ = false;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Loop loop(mizzen::real_clock(), mizzen::secure_random());
  if (size < 1) return 0;
  auto spdy = std::make_shared<FuzzDuplex>(loop);
  auto client = std::make_shared<FuzzSocket>(loop);
  int done = 0;
  translate_streams(client, spdy,
                    {.stdin_wanted = (data[0] & 1) != 0,
                     .stdout_wanted = (data[0] & 2) != 0,
                     .stderr_wanted = (data[0] & 4) != 0,
                     .tty = (data[0] & 8) != 0,
                     .failure_status = [](const std::string& why) { return "broken: " + why.substr(0, 100); },
                     .done = [&] { ++done; }});
  SpdyEncoder encoder;
  std::string_view in(reinterpret_cast<const char*>(data + 1), size - 1);
  // Each step: what happens, on which stream or how, how many bytes of what follows.
  while (in.size() >= 3) {
    const auto what = static_cast<uint8_t>(in[0]), which = static_cast<uint8_t>(in[1]),
               n = static_cast<uint8_t>(in[2]);
    const std::string_view bytes = in.substr(3, n);
    in.remove_prefix(3 + bytes.size());
    switch (what % 9) {
      case 0:
        client->callbacks_.on_message(bytes, true);
        break;
      case 1:
        spdy->callbacks_.on_data(bytes);
        break;
      case 2:
        spdy->callbacks_.on_data(SpdyEncoder::data(which & 15, bytes, (which & 16) != 0));
        break;
      case 3:
        spdy->callbacks_.on_data(SpdyEncoder::reset(which & 15, SpdyReset::Cancel));
        break;
      case 4:
        spdy->callbacks_.on_data(
            encoder.syn_reply(which & 15, {{"x", std::string(bytes)}}, (which & 16) != 0));
        break;
      case 5:
        spdy->callbacks_.on_data(encoder.syn_stream(which, {}, false));
        break;
      case 6:
        client->full_ = (which & 1) != 0;
        if (!client->full_) client->callbacks_.on_drained();
        break;
      case 7:
        spdy->full_ = (which & 1) != 0;
        if (!spdy->full_) spdy->callbacks_.on_drained();
        break;
      default:
        spdy->callbacks_.on_data(SpdyEncoder::ping(which));
        break;
    }
  }
  client->full_ = spdy->full_ = false;
  client->callbacks_.on_drained();
  spdy->callbacks_.on_drained();
  if (data[0] & 16) spdy->callbacks_.on_eof();
  spdy->callbacks_.on_closed(mizzen::Error(mizzen::Code::Cancelled, "end"));
  if (done != 0) std::abort();
  client->callbacks_.on_closed(1006, "");
  if (done != 1 || client->statuses_ > 1) std::abort();
  spdy->callbacks_ = {};  // as connections do after their last word: the session is in them
  client->callbacks_ = {};
  if (client->sent_ > 2 * size + 1000 || spdy->written_ > 20 * size + 5000) std::abort();
  return 0;
}
