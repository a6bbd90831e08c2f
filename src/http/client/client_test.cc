#include "http/client/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "async/executor.h"
#include "http/server/server.h"
#include "http/testing/certificates.h"
#include "http/testing/raw_peer.h"

namespace mizzen::http {
namespace {

using testing::TestCa;

bool eventually(const std::function<bool()>& f) {
  for (int i = 0; i < 500; ++i) {
    if (f()) return true;
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  }
  return false;
}

CallContext within(int ms) { return {Deadline::after(std::chrono::milliseconds(ms), real_clock()), {}}; }

/// What a test runs over: HTTP/1.1 or HTTP/2, with or without TLS, TCP or unix.
struct Kind {
  const char* name;
  bool tls;
  bool http2;
  bool unix_socket;
};

class ClientTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    Server::Options options;
    if (GetParam().tls) options.tls = server_tls();
    if (GetParam().unix_socket)
      options.unix_path = "/tmp/mizzen-client-test-" + std::to_string(::getpid()) + ".sock";
    start(options);
    client = std::make_unique<Client>(loops, client_options());
  }
  void TearDown() override {
    client.reset();
    {
      Lock lock(m);
      streams.clear();
    }
    server->stop(Deadline::after(std::chrono::milliseconds(200), real_clock()));
    workers.stop();
    server.reset();
    loops.stop();
  }
  ServerTlsOptions server_tls() {
    const auto id = ca.issue({.common_name = "server", .names = {"DNS:localhost", "IP:127.0.0.1"}});
    return {.certificate_pem = id.certificate_pem, .key_pem = id.key_pem, .client_ca_pem = ca.pem()};
  }
  Client::Options client_options() {
    Client::Options o;
    if (GetParam().tls) {
      const auto id = ca.issue({.common_name = "me", .organizations = {"testers"}, .client = true});
      o.tls = {.ca_pem = ca.pem(),
               .certificate_pem = id.certificate_pem,
               .key_pem = id.key_pem,
               .http2 = GetParam().http2};
    }
    o.bearer_token = [] { return std::string("secret"); };
    return o;
  }
  void start(Server::Options options) {
    options.upgrades.push_back("echo");
    server = std::make_unique<Server>(loops, options, [this](ExchangePtr e) { serve(std::move(e)); });
    const Result<void> r = server->start();
    ASSERT_TRUE(r.ok()) << r.error().message();
    target = Target{.tls = GetParam().tls, .host = "127.0.0.1", .port = server->port()};
    if (!options.unix_path.empty()) target = Target{.unix_path = options.unix_path};
  }
  void serve(ExchangePtr e) {
    const Request& r = e->request();
    if (r.path == "/proto") {
      e->respond(200, {{"X-Auth", std::string(r.headers.get("authorization"))}},
                 Slice(std::string(r.protocol)));
    } else if (r.path == "/who") {
      e->respond(200, {}, Slice(r.peer ? r.peer->common_name : "nobody"));
    } else if (r.path == "/echo") {
      e->read_body(64 << 20, [e](Result<std::string> body) {
        if (!body.ok()) return e->respond_text(http_status(body.error().code()), body.error().message());
        e->respond(200, {}, Slice(std::move(*body)));
      });
    } else if (r.path == "/watch") {
      StreamPtr s = e->start_stream(200, {});
      s->write("first " + r.query);
      Lock lock(m);
      streams.push_back(s);
    } else if (r.path == "/big") {
      auto big = std::make_shared<const std::string>(1'000'000, 'b');
      e->respond(200, {}, Body(20, Slice(big)));
    } else if (r.path == "/never") {
      Lock lock(m);
      held.push_back(e);
    } else if (r.path == "/redirect") {
      e->respond(302, {{"Location", "/proto"}});
    } else if (r.path == "/cut") {
      StreamPtr s = e->start_stream(200, {});
      s->write("half");
      const bool queued = workers.post([s] {
        StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
        s->cut();
      });
      EXPECT_TRUE(queued);
    } else if (r.path == "/deaf") {
      const auto duplex = e->upgrade({{"Connection", "Upgrade"}, {"Upgrade", "echo"}});
      if (duplex.ok()) (*duplex)->start({.on_data = [kept = *duplex](std::string_view) {}});
    } else if (r.path == "/upgrade") {
      auto duplex = e->upgrade({{"Connection", "Upgrade"}, {"Upgrade", "echo"}});
      if (!duplex.ok()) return e->respond_text(400, duplex.error().message());
      DuplexPtr d = *duplex;
      d->start({.on_data =
                    [d](std::string_view bytes) {
                      EXPECT_EQ(d->write(std::string(bytes)), Duplex::Write::Ok);
                      if (d->buffered_bytes() * 2 > d->buffer_bytes_max()) d->pause();
                    },
                .on_eof = [d] { d->shutdown_write(); },
                .on_drained = [d] { d->resume(); }});
    } else if (r.path == "/proxy") {
      const bool queued = workers.post([this, e] {
        ClientRequest request{.method = "POST",
                              .target = target,
                              .path = "/" + e->request().query,
                              .headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo"}}};
        auto up = client->dial_upgrade(request, within(3000));
        if (!up.ok()) return e->respond_text(502, up.error().message());
        if (up->status != 101) return e->respond(up->status, {}, Slice(up->body));
        auto down = e->upgrade(up->headers);
        if (down.ok()) splice(*down, up->duplex);
      });
      EXPECT_TRUE(queued);
    } else {
      e->respond_text(404, "404 page not found");
    }
  }
  ClientRequest get(const std::string& path) { return {.target = target, .path = path}; }
  /// Asks for a connection that says again what it hears.
  ClientRequest echo() {
    return {.method = "POST",
            .target = target,
            .path = "/upgrade",
            .headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo"}}};
  }

  TestCa ca;
  Loops loops{{.clock = real_clock(), .random = secure_random(), .threads = 2}};
  ThreadPool workers{real_clock(), {.threads_max = 4}};
  Mutex m;
  std::vector<StreamPtr> streams MZ_GUARDED_BY(m);
  std::vector<ExchangePtr> held MZ_GUARDED_BY(m);
  Target target;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
};

TEST_P(ClientTest, RequestsReuseOneConnection) {
  for (int i = 0; i < 20; ++i) {
    auto r = client->request(get("/proto"), within(3000));
    ASSERT_TRUE(r.ok()) << r.error().message();
    EXPECT_EQ(r->status, 200);
    EXPECT_EQ(r->body, GetParam().http2 ? "HTTP/2.0" : "HTTP/1.1");
    EXPECT_EQ(r->headers.get("X-Auth"), "Bearer secret");
  }
  EXPECT_EQ(client->connections(), 1u);
  EXPECT_EQ(server->stats().accepted, 1u);
  if (GetParam().tls) {
    EXPECT_EQ(client->request(get("/who"), within(3000))->body, "me");
  }
}

TEST_P(ClientTest, BodiesGoBothWays) {
  std::string body(2'000'000, 'x');
  for (size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>(i);
  ClientRequest request{.method = "POST", .target = target, .path = "/echo", .body = {Slice(body)}};
  auto r = client->request(request, within(5000));
  ASSERT_TRUE(r.ok()) << r.error().message();
  EXPECT_TRUE(r->body == body);
  request.body = {Slice(std::string(4'000'000, 'y'))};
  r = client->request(request, within(5000));
  // The answer may overtake the request; HTTP/1.1 then loses the connection while still sending.
  if (r.ok()) {
    EXPECT_EQ(r->status, 413);
  }
  EXPECT_EQ(client->request(get("/big"), within(5000))->body.size(), 20'000'000u);
}

TEST_P(ClientTest, SlowReaderHoldsTheServerBack) {
  auto reader = client->open(get("/big"), within(3000));
  ASSERT_TRUE(reader.ok());
  StopToken().wait_until(Deadline::after(std::chrono::milliseconds(100), real_clock()));
  size_t total = 0;
  for (;;) {
    auto chunk = (*reader)->read(within(3000));
    ASSERT_TRUE(chunk.ok()) << chunk.error().message();
    if (chunk->empty()) break;
    EXPECT_LE(chunk->size(), 2 * kReaderBufferBytes);
    total += chunk->size();
  }
  EXPECT_EQ(total, 20'000'000u);
}

TEST_P(ClientTest, ManyWatchesThenCancelReachesTheServer) {
  std::vector<std::unique_ptr<ResponseReader>> readers;
  for (int i = 0; i < 40; ++i) {
    auto r = client->open(get("/watch?" + std::to_string(i)), within(3000));
    ASSERT_TRUE(r.ok()) << r.error().message();
    EXPECT_EQ(*(*r)->read(within(3000)), "first " + std::to_string(i));
    readers.push_back(std::move(*r));
  }
  EXPECT_EQ(client->connections(), GetParam().http2 ? 1u : 40u);
  EXPECT_EQ(readers[0]->read(within(30)).error().code(), Code::Timeout);
  std::vector<StreamPtr> all;
  {
    Lock lock(m);
    all = streams;
  }
  std::vector<std::pair<Stream*, Slice>> writes;
  for (auto& s : all) writes.emplace_back(s.get(), Slice("event"));
  for (Stream::Write w : Stream::write_batch(writes)) EXPECT_EQ(w, Stream::Write::Ok);
  for (auto& r : readers) EXPECT_EQ(*r->read(within(3000)), "event");
  readers.resize(20);
  EXPECT_TRUE(eventually(
      [&] { return std::count_if(all.begin(), all.end(), [](auto& s) { return s->closed(); }) == 20; }));
  for (auto& s : all) s->finish();
  for (auto& r : readers) EXPECT_EQ(*r->read(within(3000)), "");
}

TEST_P(ClientTest, StopTokenEndsAWaitingCall) {
  StopSource source;
  Thread stopper("stopper", [&] {
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
    source.stop();
  });
  auto r = client->request(get("/never"), {Deadline::never(), source.token()});
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code(), Code::Cancelled);
  StopSource second;
  auto reader = client->open(get("/watch"), {Deadline::never(), second.token()});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->read({Deadline::never(), second.token()}), "first ");
  Thread again("stopper", [&] {
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
    second.stop();
  });
  EXPECT_EQ((*reader)->read({Deadline::never(), second.token()}).error().code(), Code::Cancelled);
}

TEST_P(ClientTest, DeadlineEndsAWaitingCall) {
  // A connection is there before the clock runs: what is cut short is the call, not its handshake.
  EXPECT_TRUE(client->request(get("/proto"), within(3000)).ok());
  auto r = client->request(get("/never"), within(50));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code(), Code::Timeout);
  EXPECT_TRUE(r.error().message().ends_with("context deadline exceeded")) << r.error().message();
  EXPECT_TRUE(client->request(get("/proto"), within(3000)).ok());
}

TEST_P(ClientTest, CutStreamsAreErrorsNotEnds) {
  auto reader = client->open(get("/cut"), within(3000));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->read(within(3000)), "half");
  auto end = (*reader)->read(within(3000));
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code(), Code::ServiceUnavailable);
  EXPECT_TRUE(end.error().retryable());
}

/// How often a reader was told that something waits; shared, since the last telling may outlast the test.
struct Told {
  Mutex m;
  CondVar changed;
  int times MZ_GUARDED_BY(m) = 0;

  void tell() {
    Lock lock(m);
    ++times;
    changed.notify_all();
  }
  int so_far() {
    Lock lock(m);
    return times;
  }
  void wait(int until) {
    Lock lock(m);
    while (times < until) changed.wait(m);
  }
};

TEST_P(ClientTest, WhoTakesIsToldOnceWhenSomethingComes) {
  auto opened = client->open(get("/watch"), within(3000));
  ASSERT_TRUE(opened.ok());
  ResponseReader& reader = **opened;
  const auto told = std::make_shared<Told>();
  const auto ready = [told] { told->tell(); };
  const auto next = [&](int calls) -> Result<std::string> {
    if (auto got = reader.take(ready)) return *got;
    told->wait(calls);
    auto got = reader.take(nullptr);
    if (!got) return Error(Code::Unknown, "told of nothing");
    return *got;
  };
  EXPECT_EQ(next(1).value_or(""), "first ");
  ASSERT_FALSE(reader.take(ready).has_value());
  const int before = told->so_far();
  {
    Lock lock(m);
    streams.back()->write("second");
  }
  EXPECT_EQ(next(before + 1).value_or(""), "second");
  ASSERT_FALSE(reader.take(ready).has_value());
  {
    Lock lock(m);
    streams.back()->finish();
  }
  EXPECT_EQ(next(before + 2).value_or("error"), "");
  reader.cancel();
  EXPECT_EQ(reader.take(ready)->error().code(), Code::Cancelled);
}

TEST_P(ClientTest, NeverFollowsRedirects) {
  auto r = client->request(get("/redirect"), within(3000));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->status, 302);
}

TEST_P(ClientTest, ServerStopAndReturnIsSurvived) {
  ASSERT_TRUE(client->request(get("/proto"), within(3000)).ok());
  auto watch = client->open(get("/watch"), within(3000));
  ASSERT_TRUE(watch.ok());
  EXPECT_EQ(*(*watch)->read(within(3000)), "first ");
  server->stop(Deadline::after(std::chrono::milliseconds(50), real_clock()));
  EXPECT_EQ((*watch)->read(within(3000)).error().code(), Code::ServiceUnavailable);
  auto gone = client->request(get("/proto"), within(3000));
  ASSERT_FALSE(gone.ok());
  EXPECT_TRUE(gone.error().retryable());
  EXPECT_NE(gone.error().message().find(GetParam().unix_socket ? "no such file" : "connection refused"),
            std::string::npos)
      << gone.error().message();
  Server::Options options;
  options.port = target.port;
  if (GetParam().tls) options.tls = server_tls();
  options.unix_path = target.unix_path;
  start(options);
  EXPECT_TRUE(client->request(get("/proto"), within(3000)).ok());
}

TEST_P(ClientTest, WhoWroteBeforeTheStartIsToldOfRoomToo) {
  auto up = client->dial_upgrade(echo(), within(3000));
  ASSERT_TRUE(up.ok()) << up.error().message();
  DuplexPtr duplex = up->duplex;
  ASSERT_EQ(duplex->write(Slice(std::string(duplex->buffer_bytes_max() * 3 / 4, 'x'))), Duplex::Write::Ok);
  ASSERT_TRUE(eventually([&] { return duplex->buffered_bytes() == 0; }));
  std::atomic<int> told = 0;
  duplex->start({.on_data = [](std::string_view) {}, .on_drained = [&] { ++told; }});
  EXPECT_TRUE(eventually([&] { return told == 1; }));
  duplex->cut();
}

TEST_P(ClientTest, UpgradeCarriesBytesAndHalfClose) {
  auto up = client->dial_upgrade(echo(), within(3000));
  ASSERT_TRUE(up.ok()) << up.error().message();
  ASSERT_EQ(up->status, 101);
  EXPECT_EQ(up->headers.get("Upgrade"), "echo");
  Mutex lock_of;
  std::string got;
  std::atomic<bool> eof = false, closed = false;
  up->duplex->start({.on_data =
                         [&](std::string_view b) {
                           Lock l(lock_of);
                           got.append(b);
                         },
                     .on_eof = [&] { eof = true; },
                     .on_closed = [&](const Error&) { closed = true; }});
  const std::string sent(1'000'000, 'z');
  for (size_t i = 0; i < sent.size(); i += 10'000) {
    while (up->duplex->write(sent.substr(i, 10'000)) == Duplex::Write::Full)
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  }
  up->duplex->shutdown_write();
  EXPECT_TRUE(eventually([&] { return eof.load() && closed.load(); }));
  Lock l(lock_of);
  EXPECT_EQ(got.size(), sent.size());
}

/// A kubectl that is cut off: its session ends on both sides, though the far one would go on.
TEST_P(ClientTest, ASessionEndsWhenOneSideHasEnded) {
  ClientRequest request{.method = "POST",
                        .target = target,
                        .path = "/proxy?deaf",
                        .headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo"}}};
  auto up = client->dial_upgrade(request, within(3000));
  ASSERT_TRUE(up.ok()) << up.error().message();
  ASSERT_EQ(up->status, 101);
  std::atomic<bool> closed = false;
  up->duplex->start({.on_closed = [&](const Error&) { closed = true; }});
  up->duplex->shutdown_write();
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
}

TEST_P(ClientTest, ProxiedUpgradeIsByteTransparent) {
  ClientRequest request{.method = "POST",
                        .target = target,
                        .path = "/proxy?upgrade",
                        .headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo"}}};
  auto up = client->dial_upgrade(request, within(3000));
  ASSERT_TRUE(up.ok()) << up.error().message();
  ASSERT_EQ(up->status, 101);
  Mutex lock_of;
  std::string got, sent;
  std::atomic<bool> closed = false;
  up->duplex->start({.on_data =
                         [&](std::string_view b) {
                           Lock l(lock_of);
                           got.append(b);
                         },
                     .on_eof = [] {},
                     .on_closed = [&](const Error&) { closed = true; }});
  for (int i = 0; i < 300; ++i) {
    std::string piece(7919, static_cast<char>(i));
    sent += piece;
    while (up->duplex->write(piece) == Duplex::Write::Full)
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  }
  EXPECT_TRUE(eventually([&] {
    Lock l(lock_of);
    return got.size() == sent.size();
  }));
  up->duplex->shutdown_write();
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  Lock l(lock_of);
  EXPECT_TRUE(got == sent);
}

TEST_P(ClientTest, RefusedUpgradeClosesTheWayToTheBackend) {
  ClientRequest request{.method = "POST",
                        .target = target,
                        .path = "/proxy?nothing",
                        .headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo"}}};
  const uint64_t before = server->stats().requests;
  auto up = client->dial_upgrade(request, within(3000));
  ASSERT_TRUE(up.ok()) << up.error().message();
  EXPECT_EQ(up->status, 404);
  EXPECT_EQ(up->duplex, nullptr);
  EXPECT_EQ(up->body, "404 page not found\n");
  EXPECT_EQ(server->stats().requests, before + 2);
}

INSTANTIATE_TEST_SUITE_P(All, ClientTest,
                         ::testing::Values(Kind{"h1", false, false, false},
                                           Kind{"h1_tls", true, false, false},
                                           Kind{"h2_tls", true, true, false},
                                           Kind{"h1_unix", false, false, true}),
                         [](const auto& info) { return info.param.name; });

TEST(ClientErrors, AreClear) {
  Loops loops({.clock = real_clock(), .random = secure_random()});
  TestCa ca, other("other-ca");
  const auto id = ca.issue({.common_name = "server", .names = {"DNS:elsewhere"}});
  Server server(loops,
                {.tls = ServerTlsOptions{.certificate_pem = id.certificate_pem, .key_pem = id.key_pem}},
                [](ExchangePtr e) { e->respond_text(200, "ok"); });
  ASSERT_TRUE(server.start().ok());
  const Target target{.tls = true, .host = "127.0.0.1", .port = server.port()};
  const auto message = [&](Client::Options o) {
    Client client(loops, std::move(o));
    auto r = client.request({.target = target, .path = "/x?token=1"}, within(3000));
    return r.ok() ? std::string("ok") : r.error().message();
  };
  const std::string prefix = "Get \"https://127.0.0.1:" + std::to_string(server.port()) + "/x\": https://";
  EXPECT_TRUE(message({.tls = {.ca_pem = other.pem()}}).starts_with(prefix));
  EXPECT_NE(message({.tls = {.ca_pem = other.pem()}}).find("certificate verify failed"), std::string::npos);
  EXPECT_NE(message({.tls = {.ca_pem = ca.pem()}}).find("IP address mismatch"), std::string::npos);
  EXPECT_EQ(message({.tls = {.ca_pem = ca.pem(), .server_name = "elsewhere"}}), "ok");
  EXPECT_EQ(message({.tls = {.insecure_skip_verify = true}}), "ok");
  EXPECT_NE(message({.tls = {.ca_pem = "junk"}}).find("CA bundle: no PEM certificate in it"),
            std::string::npos);
  Client client(loops, {});
  EXPECT_EQ(client.request({.target = {.host = "127.0.0.1", .port = 1}}, within(3000)).error().message(),
            "Get \"http://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused");
  EXPECT_EQ(client.request({.target = target, .path = "/a b"}, within(3000)).error().code(),
            Code::BadRequest);
  EXPECT_EQ(client.request({.target = target, .path = "/a\r\nX: y"}, within(3000)).error().code(),
            Code::BadRequest);
  std::atomic<bool> refused = false;
  loops.at(0).post([&] {
    refused = client.request({.target = target}, within(3000)).error().message() ==
              "a blocking call on an event loop";
  });
  EXPECT_TRUE(eventually([&] { return refused.load(); }));
  server.stop(Deadline::after(std::chrono::seconds(1), real_clock()));
}

TEST(ClientPing, FindsACutNetwork) {
  // A server that shakes hands and answers, then goes silent: its loop is held.
  Loops loops({.clock = real_clock(), .random = secure_random()}),
      server_loops({.clock = real_clock(), .random = secure_random()});
  TestCa ca;
  StreamPtr kept;
  const auto id = ca.issue({.common_name = "server", .names = {"IP:127.0.0.1"}});
  Server server(server_loops,
                {.tls = ServerTlsOptions{.certificate_pem = id.certificate_pem, .key_pem = id.key_pem}},
                [&](ExchangePtr e) {
                  kept = e->start_stream(200, {});
                  kept->write("x");
                });
  ASSERT_TRUE(server.start().ok());
  Client client(loops, {.tls = {.ca_pem = ca.pem()}, .ping_after = std::chrono::milliseconds(100)});
  const Target target{.tls = true, .host = "127.0.0.1", .port = server.port()};
  auto reader = client.open({.target = target}, within(3000));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->read(within(1000)), "x");
  EXPECT_EQ((*reader)->read(within(400)).error().code(), Code::Timeout) << "pings were answered";
  StopSource hold;
  server_loops.at(0).post([&] { hold.token().wait_until(Deadline::never()); });
  auto lost = (*reader)->read(within(3000));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().message(), "http2: client connection lost");
  hold.stop();
  server.stop(Deadline::after(std::chrono::milliseconds(100), real_clock()));
}

}  // namespace
}  // namespace mizzen::http
