// What a hostile HTTP/2 client may try (security: rapid reset, floods, header bombs): the connection ends,
// memory stays bounded, and others are served meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "async/stop.h"
#include "async/thread.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "http/testing/raw_peer.h"
#include "http/transport/out_queue.h"

namespace mizzen::http {
namespace {

using testing::RawPeer;

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string out;
  for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>((payload.size() >> shift) & 0xff);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((stream >> shift) & 0xff);
  return out + payload;
}
constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7,
                  kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kEndStream = 1, kEndHeaders = 4;
const std::string kGet("\x82\x86\x84\x41\x01x", 6);   // :method GET, :scheme http, :path /, :authority x
const std::string kPost("\x83\x86\x84\x41\x01x", 6);  // :method POST
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, "");

struct World {
  explicit World(Server::Options options = {}) {
    server = std::make_unique<Server>(loops, options, [this](ExchangePtr e) {
      if (e->request().method == "POST") {
        Lock lock(m);
        held.push_back(std::move(e));
        return;
      }
      e->respond(200, {}, Slice("ok"));
    });
    EXPECT_TRUE(server->start().ok());
  }
  ~World() {
    server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    Lock lock(m);
    held.clear();
  }
  /// Another client is served, and soon.
  void expect_service() {
    Client client(client_loops, {});
    const Monotonic begun = real_clock().monotonic();
    auto r = client.request({.target = {.host = "127.0.0.1", .port = server->port()}},
                            {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
    EXPECT_TRUE(r.ok());
    EXPECT_LT(real_clock().monotonic() - begun, std::chrono::seconds(1));
  }
  Loops loops{{.clock = real_clock(), .random = secure_random()}};
  Loops client_loops{{.clock = real_clock(), .random = secure_random()}};
  std::unique_ptr<Server> server;
  Mutex m;
  std::vector<ExchangePtr> held MZ_GUARDED_BY(m);
};

/// The error code of the GOAWAY among the frames read until the end; -1 without one.
int goaway_code(RawPeer& peer) {
  const std::string all = peer.read_all();
  int code = -1;
  for (size_t at = 0; at + 9 <= all.size();) {
    const size_t n = static_cast<uint8_t>(all[at]) << 16 | static_cast<uint8_t>(all[at + 1]) << 8 |
                     static_cast<uint8_t>(all[at + 2]);
    if (all[at + 3] == kGoAway && at + 9 + 8 <= all.size()) code = static_cast<uint8_t>(all[at + 9 + 7]);
    at += 9 + n;
  }
  return code;
}
constexpr int kEnhanceYourCalm = 11;

/// Reads frames up to the first one of this type; their types, in order.
std::vector<uint8_t> types_up_to(RawPeer& peer, uint8_t last) {
  std::vector<uint8_t> out;
  while (out.empty() || out.back() != last) {
    const std::string head = peer.read_exactly(9);
    if (head.size() < 9) break;
    const size_t n = static_cast<uint8_t>(head[0]) << 16 | static_cast<uint8_t>(head[1]) << 8 |
                     static_cast<uint8_t>(head[2]);
    peer.read_exactly(n);
    out.push_back(static_cast<uint8_t>(head[3]));
  }
  return out;
}

TEST(H2Abuse, AnAnswerBeforeTheEndOfTheBodyIsNoResetForWhoEndsIt) {
  World w;
  RawPeer peer(w.server->port());
  peer.send(kPreface + frame(kHeaders, kEndHeaders, 1, kGet));
  EXPECT_EQ(types_up_to(peer, kData).back(), kData) << "the answer, whose body is one frame";
  peer.send(frame(kData, kEndStream, 1, "late") + frame(kPing, 0, 0, "12345678"));
  const auto rest = types_up_to(peer, kPing);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), kReset), 0);
  w.expect_service();
}

TEST(H2Abuse, WhoNeverEndsItsBodyIsToldToStop) {
  World w;
  RawPeer peer(w.server->port());
  peer.send(kPreface + frame(kHeaders, kEndHeaders, 1, kGet) + frame(kHeaders, kEndHeaders, 3, kGet));
  EXPECT_EQ(types_up_to(peer, kReset).back(), kReset);
  EXPECT_EQ(types_up_to(peer, kReset).back(), kReset) << "the other one too";
  w.expect_service();
}

TEST(H2Abuse, RapidResetIsCutOff) {
  World w({.reset_burst = 100, .resets_per_second = 10});
  RawPeer peer(w.server->port());
  peer.send(kPreface);
  std::string flood;
  for (uint32_t id = 1; id < 20'000; id += 2)
    flood += frame(kHeaders, kEndHeaders, id, kPost) + frame(kReset, 0, id, std::string("\0\0\0\x08", 4));
  peer.send(flood);
  EXPECT_TRUE(peer.at_end());
  EXPECT_LT(w.server->stats().requests, 300u);
  w.expect_service();
}

TEST(H2Abuse, ControlFrameFloodsAreCutOff) {
  const std::string empty_data = frame(kData, 0, 1, "");
  const std::pair<const char*, std::string> floods[] = {
      {"ping", frame(kPing, 0, 0, "12345678")},
      {"settings", frame(kSettings, 0, 0, "")},
      {"priority", frame(kPriority, 0, 3, std::string("\0\0\0\0\x10", 5))},
      {"empty data", empty_data},
  };
  for (const auto& [name, one] : floods) {
    World w;
    RawPeer peer(w.server->port());
    peer.send(kPreface + frame(kHeaders, kEndHeaders, 1, kPost));
    std::string flood;
    for (int i = 0; i < 5'000; ++i) flood += one;
    peer.send(flood);
    EXPECT_EQ(goaway_code(peer), kEnhanceYourCalm) << name;
    w.expect_service();
  }
}

TEST(H2Abuse, UnreadAnswersToPingsAreBounded) {
  World w;
  RawPeer peer(w.server->port(), 4096);
  peer.send(kPreface);
  std::string flood;
  for (int i = 0; i < 200'000; ++i) flood += frame(kPing, 0, 0, "12345678");
  peer.send(flood);  // never reading
  EXPECT_TRUE(peer.at_end());
  w.expect_service();
}

TEST(H2Abuse, EndlessContinuationsAreCutOff) {
  World w;
  RawPeer peer(w.server->port());
  peer.send(kPreface + frame(kHeaders, 0, 1, kGet));
  for (int i = 0; i < 100; ++i) peer.send(frame(kContinuation, 0, 1, std::string("\0\1a\1b", 5)));
  EXPECT_TRUE(peer.at_end());
  EXPECT_EQ(w.server->stats().requests, 0u);
  w.expect_service();
}

TEST(H2Abuse, HeaderBombsAreRefused) {
  World w;
  RawPeer peer(w.server->port());
  // A 3,000-byte value goes into the dynamic table; then one byte each names it again: 60,000 times.
  std::string block = kGet + std::string("\x40\x01z\x7f\xb9\x16", 6) + std::string(3'000, 'v');
  std::string rest(60'000, '\xbe');
  std::string bytes = kPreface;
  bytes += frame(kHeaders, kEndStream, 1, block + rest.substr(0, 13'000));
  bytes += frame(kContinuation, 0, 1, rest.substr(0, 16'000));
  bytes += frame(kContinuation, kEndHeaders, 1, rest.substr(0, 16'000));
  peer.send(bytes);
  w.expect_service();
  EXPECT_EQ(w.server->stats().requests, 1u);  // the other client's
}

TEST(H2Abuse, StreamsBeyondTheBoundAreRefused) {
  World w({.streams_max = 10});
  RawPeer peer(w.server->port());
  std::string bytes = kPreface;
  for (uint32_t id = 1; id < 2 * 30; id += 2) bytes += frame(kHeaders, kEndHeaders, id, kPost);
  peer.send(bytes);
  w.expect_service();
  EXPECT_EQ(w.server->stats().requests, 11u);
}

TEST(H2Abuse, AnswersThatNobodyTakesAreDropped) {
  Server::Options options;
  options.write_stall_timeout = std::chrono::milliseconds(200);
  Loops loops({.clock = real_clock(), .random = secure_random()});
  auto big = std::make_shared<const std::string>(1'000'000, 'b');
  std::optional<Server> server;
  server.emplace(loops, options, [body = Slice(big)](ExchangePtr e) { e->respond(200, {}, body); });
  ASSERT_TRUE(server->start().ok());
  RawPeer peer(server->port());
  // SETTINGS_INITIAL_WINDOW_SIZE 0, and no WINDOW_UPDATE ever.
  peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, std::string("\0\4\0\0\0\0", 6)) +
            frame(kHeaders, kEndHeaders | kEndStream, 1, kGet));
  const Monotonic begun = real_clock().monotonic();
  EXPECT_TRUE(peer.at_end());
  EXPECT_LT(real_clock().monotonic() - begun, std::chrono::seconds(3));
  server->stop(Deadline::after(std::chrono::seconds(1), real_clock()));
}

TEST(H2Abuse, AWideWindowMakesNoMoreThanCanBeSent) {
  // A source that is asked for more whenever there is room, as a watch is; the peer allows 2 GiB and reads
  // nothing.
  constexpr size_t kPiece = 8 * 1024;
  struct Source {
    StreamPtr stream;
    std::shared_ptr<std::atomic<size_t>> alive = std::make_shared<std::atomic<size_t>>(0);
    std::atomic<size_t> made = 0;
    const std::string text = std::string(kPiece, 's');
    void fill() {
      for (;;) {
        ++*alive;
        ++made;
        std::shared_ptr<const void> owner(text.data(), [count = alive](const void*) { --*count; });
        if (stream->write(Slice(std::move(owner), text)) != Stream::Write::Ok) return;
      }
    }
  };
  Source source;
  Loops loops({.clock = real_clock(), .random = secure_random()});
  std::optional<Server> server;
  server.emplace(loops, Server::Options{}, [&source](ExchangePtr e) {
    source.stream = e->start_stream(200, {});
    source.stream->on_drained([&source] { source.fill(); });
    source.fill();
  });
  ASSERT_TRUE(server->start().ok());
  RawPeer peer(server->port(), 4096);
  peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
            frame(kSettings, 0, 0, std::string("\0\4\x7f\xff\xff\xff", 6)) +
            frame(kWindowUpdate, 0, 0, std::string("\x7f\xff\0\0", 4)) +
            frame(kHeaders, kEndHeaders | kEndStream, 1, kGet));
  const size_t bound = (Server::Options{}.stream_buffer_bytes_max + 2 * kOutHighWater) / kPiece + 4;
  const StopSource never;
  size_t made = 0;
  for (int still = 0; still < 20;) {  // until nothing has been made for a fifth of a second
    (void)never.token().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    EXPECT_LE(*source.alive, bound);
    still = made == source.made ? still + 1 : 0;
    made = source.made;
  }
  EXPECT_GT(made, 0u);
  server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
}

TEST(H2Abuse, AHeaderThatNeverEndsTimesOut) {
  World w({.header_timeout = std::chrono::milliseconds(100)});
  RawPeer peer(w.server->port());
  peer.send(kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, kGet) + frame(kHeaders, 0, 3, kGet));
  EXPECT_TRUE(peer.at_end());
}

TEST(H2Abuse, MalformedRequestsNeverReachTheHandler) {
  const auto literal = [](const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) +
           value;
  };
  const std::string authority("\x41\x01x", 3);
  const std::string blocks[] = {
      kGet + literal("connection", "close"),
      kGet + literal("transfer-encoding", "chunked"),
      kGet + literal("Upper", "case"),
      kGet + literal("a", "b\r\nc: d"),
      kGet + literal(":path", "/twice"),
      std::string("\x82\x86", 2) + authority,  // no path
      std::string("\x82\x86", 2) + literal(":path", "relative") + authority,
      std::string("\x82\x86", 2) + literal(":path", "/a b") + authority,
      std::string("\x82\x86", 2) + literal(":path", "/a\r\nX: y") + authority,
      std::string("\x86\x84", 2) + literal(":method", "GE T") + authority,
      kPost + literal("content-length", "1") + literal("content-length", "2"),
      kPost + literal("content-length", "x"),
  };
  for (const std::string& block : blocks) {
    World w;
    RawPeer peer(w.server->port());
    peer.send(kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, block));
    w.expect_service();
    EXPECT_EQ(w.server->stats().requests, 1u) << block;
  }
}

}  // namespace
}  // namespace mizzen::http
