#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "http/exchange/duplex.h"
#include "http/spdy/codec.h"

namespace mizzen::http::testing {

inline constexpr const char* kExit3 =
    R"({"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}})";

/// Plays containerd: echoes stdin to stdout; at its end writes to stderr, then its status, and ends all
/// streams.
struct FakeRuntime final : SpdySink, std::enable_shared_from_this<FakeRuntime> {
  FakeRuntime(DuplexPtr d, std::string mode) : duplex(std::move(d)), mode(std::move(mode)) {}
  void start() {
    auto self = shared_from_this();
    duplex->start({.on_data = [self](std::string_view b) { EXPECT_TRUE(self->decoder.feed(b, *self).ok()); },
                   .on_drained = [self] { self->duplex->resume(); },
                   .on_closed = [self](const Error&) {}});
  }
  void write(std::string frame) {
    EXPECT_NE(duplex->write(std::move(frame)), Duplex::Write::Full);
    if (duplex->buffered_bytes() * 2 > duplex->buffer_bytes_max()) duplex->pause();
  }
  void on_syn_stream(uint32_t stream, const Headers& headers, bool) override {
    const std::string type(headers.get("streamtype"));
    ids[type] = stream;
    types[stream] = type;
    write(encoder.syn_reply(stream, {}));
    if (mode == "vanish") duplex->cut();
    if (mode == "status-then-close" && type == "stdout") {
      write(SpdyEncoder::data(ids["error"], kExit3, false));
      duplex->close();
    }
  }
  void on_syn_reply(uint32_t, const Headers&, bool) override {}
  void on_data(uint32_t stream, std::string_view bytes, bool fin) override {
    if (types[stream] == "data") write(SpdyEncoder::data(stream, bytes, fin));
    if (types[stream] == "resize")
      write(SpdyEncoder::data(ids["stdout"], "size" + std::string(bytes), false));
    if (types[stream] != "stdin") return;
    if (!bytes.empty()) write(SpdyEncoder::data(ids["stdout"], bytes, false));
    if (!fin) return;
    write(SpdyEncoder::ping(2));
    if (ids["stderr"] != 0) write(SpdyEncoder::data(ids["stderr"], "oops", true));
    write(SpdyEncoder::data(ids["stdout"], "", true));
    if (mode == "fail") write(SpdyEncoder::data(ids["error"], kExit3, false));
    write(SpdyEncoder::reset(ids["error"], SpdyReset::Cancel));
  }
  void on_reset(uint32_t, uint32_t) override {}
  void on_ping(uint32_t) override {}
  void on_goaway(uint32_t) override {}
  DuplexPtr duplex;
  std::string mode;
  SpdyEncoder encoder;
  SpdyDecoder decoder;
  std::map<std::string, uint32_t> ids;
  std::map<uint32_t, std::string> types;
};

}  // namespace mizzen::http::testing
