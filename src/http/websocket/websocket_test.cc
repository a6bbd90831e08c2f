#include "http/websocket/websocket.h"

#include <gtest/gtest.h>

#include "http/client/client.h"
#include "http/server/server.h"
#include "http/testing/raw_peer.h"
#include "http/websocket/websocket_frame.h"

namespace mizzen::http {
namespace {

using testing::RawPeer;

bool eventually(const std::function<bool()>& f) {
  for (int i = 0; i < 500; ++i) {
    if (f()) return true;
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  }
  return false;
}

/// Echoes messages in the protocol that is agreed.
struct EchoServer {
  EchoServer() {
    server = std::make_unique<Server>(loops, Server::Options{}, [this](ExchangePtr e) {
      const std::string protocol =
          WebSocket::choose(e->request(), {"v5.channel.k8s.io", "v4.channel.k8s.io"});
      auto accepted = WebSocket::accept(*e, protocol, {.message_bytes_max = 100'000});
      if (!accepted.ok()) return e->respond_text(400, accepted.error().message());
      std::shared_ptr<WebSocket> ws = *accepted;
      ws->start({.on_message =
                     [ws](std::string_view m, bool binary) {
                       if (m == "close") return ws->close(1000, "as asked");
                       ws->send(m, binary);
                     },
                 .on_closed = [this](uint16_t code, std::string_view) { closed_with = code; }});
    });
    EXPECT_TRUE(server->start().ok());
  }
  ~EchoServer() { server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock())); }
  Loops loops{{.clock = real_clock(), .random = secure_random()}};
  std::unique_ptr<Server> server;
  std::atomic<int> closed_with = 0;
};

constexpr const char* kHandshake =
    "GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
    "13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: base64.channel.k8s.io, "
    "v4.channel.k8s.io\r\n\r\n";

std::string masked(WsOpcode opcode, std::string_view payload) {
  const uint32_t mask = 0x12345678;
  return websocket_frame(opcode, payload, &mask);
}

TEST(WebSocket, HandshakeIsTheStandardsOwnExample) {
  EchoServer s;
  RawPeer peer(s.server->port());
  peer.send(kHandshake);
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"), std::string::npos) << head;
}

TEST(WebSocket, WrongHandshakesAre400) {
  EchoServer s;
  for (const auto& [from, to] :
       {std::pair("Version: 13", "Version: 8"), std::pair("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        std::pair("GET ", "PUT "), std::pair("Upgrade: websocket", "Upgrade: h2c")}) {
    std::string text = kHandshake;
    text.replace(text.find(from), std::string(from).size(), to);
    RawPeer peer(s.server->port());
    peer.send(text);
    EXPECT_TRUE(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 400 ")) << text;
  }
}

TEST(WebSocket, EchoesAnswersPingsJoinsFragmentsAndCloses) {
  EchoServer s;
  RawPeer peer(s.server->port());
  peer.send(std::string(kHandshake) + masked(WsOpcode::Binary, "early"));
  peer.read_until("\r\n\r\n");
  EXPECT_EQ(peer.read_exactly(7), std::string("\x82\x05") + "early");
  peer.send(masked(WsOpcode::Ping, "p"));
  EXPECT_EQ(peer.read_exactly(3), std::string("\x8a\x01p"));
  std::string first = masked(WsOpcode::Text, "hel");
  first[0] = 0x01;  // not final
  peer.send(first);
  peer.send(masked(WsOpcode::Ping, "q"));
  EXPECT_EQ(peer.read_exactly(3), std::string("\x8a\x01q"));
  peer.send(masked(WsOpcode::Continuation, "lo"));
  EXPECT_EQ(peer.read_exactly(7), std::string("\x81\x05hello"));
  const std::string big(70'000, 'b');
  peer.send(masked(WsOpcode::Binary, big));
  EXPECT_EQ(peer.read_exactly(10 + big.size()).substr(10), big);
  peer.send(masked(WsOpcode::Close, websocket_close_payload(1000, "bye")));
  EXPECT_EQ(peer.read_exactly(2)[0], static_cast<char>(0x88));
  EXPECT_TRUE(peer.at_end());
  peer.close();
  EXPECT_TRUE(eventually([&] { return s.closed_with == 1000; }));
}

TEST(WebSocket, FaultsEndWithTheirCode) {
  const std::string oversized = masked(WsOpcode::Binary, std::string(100'001, 'x'));
  const std::pair<std::string, int> cases[] = {
      {websocket_frame(WsOpcode::Text, "unmasked", nullptr), 1002},
      {masked(static_cast<WsOpcode>(3), "reserved"), 1002},
      {oversized, 1009},
      {masked(WsOpcode::Text, "\xff\xfe"), 1007},
      {masked(WsOpcode::Continuation, "nothing to continue"), 1002},
  };
  for (const auto& [bytes, code] : cases) {
    EchoServer s;
    RawPeer peer(s.server->port());
    peer.send(std::string(kHandshake) + bytes);
    peer.read_until("\r\n\r\n");
    const std::string frame = peer.read_exactly(4);
    ASSERT_EQ(frame.size(), 4u) << code;
    EXPECT_EQ(frame[0], static_cast<char>(0x88)) << code;
    EXPECT_EQ((static_cast<uint8_t>(frame[2]) << 8) | static_cast<uint8_t>(frame[3]), code);
    EXPECT_TRUE(peer.at_end());
  }
}

TEST(WebSocket, ClientSideMasksAndServerCloses) {
  EchoServer s;
  Client client(s.loops, {});
  auto up = client.dial_upgrade(
      {.target = {.host = "127.0.0.1", .port = s.server->port()},
       .path = "/x",
       .headers = WebSocket::client_headers("dGhlIHNhbXBsZSBub25jZQ==", {"v5.channel.k8s.io"})},
      {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
  ASSERT_TRUE(up.ok()) << up.error().message();
  ASSERT_EQ(up->status, 101);
  EXPECT_EQ(up->headers.get("Sec-WebSocket-Protocol"), "v5.channel.k8s.io");
  auto ws = WebSocket::over(up->duplex, false, {.ping_every = std::chrono::milliseconds(5)});
  Mutex m;
  std::string got;
  std::atomic<int> code = 0;
  ws->start({.on_message =
                 [&](std::string_view b, bool) {
                   Lock lock(m);
                   got.append(b);
                 },
             .on_closed = [&](uint16_t c, std::string_view) { code = c; }});
  EXPECT_EQ(ws->send("hello", true), Duplex::Write::Ok);
  EXPECT_TRUE(eventually([&] {
    Lock lock(m);
    return got == "hello";
  }));
  EXPECT_EQ(ws->send("close", true), Duplex::Write::Ok);
  EXPECT_TRUE(eventually([&] { return code == 1000; }));
  EXPECT_TRUE(eventually([&] { return s.closed_with == 1000; }));
}

TEST(WebSocket, DroppingItEndsTheConnection) {
  EchoServer s;
  Client client(s.loops, {});
  {
    auto up = client.dial_upgrade({.target = {.host = "127.0.0.1", .port = s.server->port()},
                                   .path = "/x",
                                   .headers = WebSocket::client_headers("dGhlIHNhbXBsZSBub25jZQ==", {})},
                                  {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
    ASSERT_TRUE(up.ok());
    auto ws = WebSocket::over(std::move(up->duplex), false, {});
    ws->start({});
  }
  EXPECT_TRUE(eventually([&] { return s.closed_with == 1006; }));
  EXPECT_TRUE(eventually([&] { return s.server->stats().connections == 0; }));
}

}  // namespace
}  // namespace mizzen::http
