#include "streaming/stream_translate.h"

#include <gtest/gtest.h>

#include <map>

#include "async/executor.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "http/testing/fake_spdy_runtime.h"

namespace mizzen::http {
namespace {

bool eventually(const std::function<bool()>& f) {
  for (int i = 0; i < 500; ++i) {
    if (f()) return true;
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  }
  return false;
}

using testing::FakeRuntime;
using testing::kExit3;

/// API server and runtime in one: /exec?mode translates to /runtime?mode, /forward tunnels to /echo.
struct World {
  explicit World(bool tty = false) {
    client = std::make_unique<Client>(loops, Client::Options{});
    server = std::make_unique<Server>(loops, Server::Options{}, [this, tty](ExchangePtr e) {
      const std::string path = e->request().path;
      const std::string mode = e->request().query;
      if (path == "/runtime" || path == "/echo") {
        auto d = e->upgrade({{"Connection", "Upgrade"},
                             {"Upgrade", "SPDY/3.1"},
                             {"X-Stream-Protocol-Version", kStreamProtocolV4}});
        ASSERT_TRUE(d.ok());
        if (path == "/runtime") return std::make_shared<FakeRuntime>(*d, mode)->start();
        DuplexPtr echo = *d;
        echo->start({.on_data =
                         [echo](std::string_view b) {
                           echo->write(std::string(b));
                           if (echo->buffered_bytes() * 2 > echo->buffer_bytes_max()) echo->pause();
                         },
                     .on_drained = [echo] { echo->resume(); }});
        return;
      }
      ASSERT_TRUE(workers.post([this, e, path, mode, tty] {
        const bool forward = path == "/forward";
        auto up = client->dial_upgrade({.method = "POST",
                                        .target = here(),
                                        .path = (forward ? "/echo?" : "/runtime?") + mode,
                                        .headers = {{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}}},
                                       {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
        ASSERT_TRUE(up.ok());
        const auto tunnelled = tunnelled_protocols(e->request());
        auto ws = WebSocket::accept(*e, forward ? kTunnelPrefix + tunnelled.at(0) : kStreamProtocolV5,
                                    {.message_bytes_max = kStreamMessageBytesMax});
        ASSERT_TRUE(ws.ok());
        if (mode == "refuse") return refuse_streams(*ws, "no");
        if (forward) return tunnel_websocket(*ws, up->duplex, [this] { ++done; });
        translate_streams(*ws, up->duplex,
                          {.stdin_wanted = true,
                           .stdout_wanted = true,
                           .stderr_wanted = true,
                           .tty = tty,
                           .failure_status = [](const std::string& why) { return "broken: " + why; },
                           .done = [this] { ++done; }});
      }));
    });
    EXPECT_TRUE(server->start().ok());
  }
  ~World() {
    client->stop();
    server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    workers.stop();
  }
  Target here() const { return {.host = "127.0.0.1", .port = server->port()}; }
  void open(const std::string& path, const std::string& protocol) {
    auto up =
        client->dial_upgrade({.target = here(),
                              .path = path,
                              .headers = WebSocket::client_headers("dGhlIHNhbXBsZSBub25jZQ==", {protocol})},
                             {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
    ASSERT_TRUE(up.ok()) << up.error().message();
    ASSERT_EQ(up->status, 101) << up->body;
    EXPECT_EQ(up->headers.get("Sec-WebSocket-Protocol"), protocol);
    ws = WebSocket::over(up->duplex, false, {.message_bytes_max = 1 << 20});
    ws->start({.on_message =
                   [this](std::string_view m, bool) {
                     Lock lock(m_);
                     if (!m.empty()) channels[static_cast<uint8_t>(m[0])] += m.substr(1);
                     all += m;
                   },
               .on_closed = [this](uint16_t code, std::string_view) { closed = code; }});
  }
  void send(uint8_t channel, const std::string& bytes) {
    while (ws->send(std::string(1, static_cast<char>(channel)) + bytes, true) == Duplex::Write::Full)
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  }
  std::string channel(uint8_t n) {
    Lock lock(m_);
    return channels[n];
  }
  Loops loops{{.clock = real_clock(), .random = secure_random(), .threads = 2}};
  ThreadPool workers{real_clock(), {.threads_max = 2}};
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;
  std::shared_ptr<WebSocket> ws;
  Mutex m_;
  std::map<uint8_t, std::string> channels MZ_GUARDED_BY(m_);
  std::string all MZ_GUARDED_BY(m_);
  std::atomic<int> done = 0;
  std::atomic<int> closed = 0;
};

TEST(StreamTranslate, CarriesASessionToItsExitCode) {
  World w;
  w.open("/exec?fail", kStreamProtocolV5);
  w.send(0, "hello ");
  w.send(0, "there");
  w.send(255, std::string(1, '\0'));
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; })) << w.closed;
  EXPECT_EQ(w.channel(1), "hello there");
  EXPECT_EQ(w.channel(2), "oops");
  EXPECT_EQ(w.channel(3), kExit3);
  EXPECT_TRUE(eventually([&] { return w.done == 1; }));
}

TEST(StreamTranslate, NothingOnTheErrorStreamIsSuccess) {
  World w;
  w.open("/exec?good", kStreamProtocolV5);
  w.send(255, std::string(1, '\0'));
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; }));
  EXPECT_EQ(w.channel(3), R"({"metadata":{},"status":"Success"})");
}

TEST(StreamTranslate, MegabytesKeepTheirOrderUnderBackpressure) {
  World w;
  w.open("/exec?good", kStreamProtocolV5);
  std::string sent;
  for (int i = 0; i < 400; ++i) {
    const std::string piece(20'011, static_cast<char>('a' + i % 26));
    sent += piece;
    w.send(0, piece);
  }
  w.send(0, std::string(900'000, 'z'));
  sent += std::string(900'000, 'z');
  w.send(255, std::string(1, '\0'));
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; }));
  EXPECT_EQ(w.channel(1).size(), sent.size());
  EXPECT_TRUE(w.channel(1) == sent);
}

TEST(StreamTranslate, TerminalsResizeAndHaveNoStderr) {
  World w(true);
  w.open("/exec?good", kStreamProtocolV5);
  w.send(4, R"({"Width":80})");
  EXPECT_TRUE(eventually([&] { return w.channel(1) == R"(size{"Width":80})"; }));
  w.send(255, std::string(1, '\0'));
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; }));
  EXPECT_EQ(w.channel(2), "");
}

TEST(StreamTranslate, AVanishedRuntimeIsToldAndAVanishedClientEndsTheRuntime) {
  World w;
  w.open("/exec?vanish", kStreamProtocolV5);
  EXPECT_TRUE(eventually([&] { return w.closed != 0; }));
  EXPECT_TRUE(w.channel(3).starts_with("broken: ")) << w.channel(3);
  World v;
  v.open("/exec?good", kStreamProtocolV5);
  v.ws->cut();
  EXPECT_TRUE(eventually([&] { return v.done == 1; }));
  EXPECT_TRUE(eventually([&] { return v.server->stats().connections == 0; }));
}

TEST(StreamTranslate, AStatusBeforeAnAbruptEndIsKept) {
  World w;
  w.open("/exec?status-then-close", kStreamProtocolV5);
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; }));
  EXPECT_EQ(w.channel(3), kExit3);
}

TEST(StreamTranslate, RefusalIsAStatusOnTheErrorChannel) {
  World w;
  w.open("/exec?refuse", kStreamProtocolV5);
  EXPECT_TRUE(eventually([&] { return w.closed == 1000; }));
  EXPECT_EQ(w.channel(3), "no");
}

TEST(StreamTranslate, TunnelsBytesUnchanged) {
  World w;
  w.open("/forward", "SPDY/3.1+portforward.k8s.io");
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(30'000, static_cast<char>(i));
    sent += piece;
    while (w.ws->send(piece, true) == Duplex::Write::Full)
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  }
  EXPECT_TRUE(eventually([&] {
    Lock lock(w.m_);
    return w.all == sent;
  }));
  w.ws->close(1000, "");
  EXPECT_TRUE(eventually([&] { return w.done == 1; }));
}

}  // namespace
}  // namespace mizzen::http
