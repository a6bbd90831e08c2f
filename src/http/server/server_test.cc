#include "http/server/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "async/executor.h"
#include "http/testing/certificates.h"
#include "http/testing/raw_peer.h"

namespace mizzen::http {
namespace {

using testing::curl;
using testing::RawPeer;
using testing::TestCa;

/// A server with a few paths, on one loop and two workers.
struct Fixture {
  explicit Fixture(Server::Options options = {}, size_t loop_threads = 1)
      : loops({.clock = real_clock(), .random = secure_random(), .threads = loop_threads}) {
    options.upgrades.push_back("echo");
    server =
        std::make_unique<Server>(loops, std::move(options), [this](ExchangePtr e) { serve(std::move(e)); });
    const Result<void> started = server->start();
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message());
  }
  ~Fixture() {
    server->stop(Deadline::after(std::chrono::seconds(2), real_clock()));
    workers.stop();
    server.reset();
    streams.clear();
    loops.stop();
  }
  void serve(ExchangePtr e) {
    const Request& r = e->request();
    if (r.path == "/hello") {
      e->respond(200, {{"Content-Type", "text/plain"}}, Slice("hello " + r.method + " " + r.query));
    } else if (r.path == "/echo") {
      e->read_body(1 << 20, [e](Result<std::string> body) {
        if (!body.ok()) return e->respond_text(http_status(body.error().code()), body.error().message());
        e->respond(200, {}, Slice(std::move(*body)));
      });
    } else if (r.path == "/worker") {
      EXPECT_TRUE(workers.post([e] { e->respond(200, {}, Slice("from a worker")); }));
    } else if (r.path == "/who") {
      e->respond(200, {},
                 Slice(r.peer ? r.peer->common_name + "/" +
                                    (r.peer->organizations.empty() ? "" : r.peer->organizations[0])
                              : "nobody:" + r.peer_refused));
    } else if (r.path == "/drop") {
    } else if (r.path == "/slow") {
      Lock lock(m);
      held.push_back(e);
    } else if (r.path == "/watch") {
      StreamPtr s = e->start_stream(200, {{"Content-Type", "application/json"}});
      s->write("one\n");
      Lock lock(m);
      streams.push_back(s);
    } else if (r.path == "/count") {
      StreamPtr s = e->start_stream(200, {});
      for (int i = 0; i < 3; ++i) s->write(std::to_string(i) + "\n");
      s->finish();
    } else if (r.path == "/big") {
      auto big = std::make_shared<const std::string>(5'000'000, 'b');
      e->respond(200, {}, Body{Slice(big), Slice("!"), Slice(big)});
    } else if (r.path == "/upgrade") {
      auto duplex = e->upgrade({{"Connection", "Upgrade"}, {"Upgrade", "echo"}});
      if (!duplex.ok()) return e->respond_text(400, duplex.error().message());
      DuplexPtr d = *duplex;
      d->start({.on_data = [d](std::string_view bytes) { d->write("<" + std::string(bytes) + ">"); },
                .on_eof =
                    [d] {
                      d->write("bye");
                      d->shutdown_write();
                    }});
    } else {
      e->respond_text(404, "404 page not found");
    }
  }
  std::string url(const std::string& path, bool tls = false) const {
    return (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server->port()) + path;
  }
  Loops loops;
  ThreadPool workers{real_clock(), {.threads_max = 2}};
  Mutex m;
  std::vector<StreamPtr> streams MZ_GUARDED_BY(m);
  std::vector<ExchangePtr> held MZ_GUARDED_BY(m);
  std::unique_ptr<Server> server;
};

bool eventually(const std::function<bool()>& f) {
  StopToken never;
  for (int i = 0; i < 500; ++i) {
    if (f()) return true;
    never.wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  }
  return false;
}

/// PEM texts as files for curl.
struct PemFile {
  explicit PemFile(const std::string& text) {
    char name[] = "/tmp/mizzen-http-test-XXXXXX";
    const int fd = mkstemp(name);
    path = name;
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(fd);
  }
  ~PemFile() { ::unlink(path.c_str()); }
  std::string path;
};

Server::Options tls_options(const TestCa& ca, bool client_ca = true) {
  const testing::TestIdentity id =
      ca.issue({.common_name = "server", .names = {"DNS:localhost", "IP:127.0.0.1"}});
  return {.tls = ServerTlsOptions{.certificate_pem = id.certificate_pem,
                                  .key_pem = id.key_pem,
                                  .client_ca_pem = client_ca ? ca.pem() : ""}};
}

TEST(ServerH1, AnswersAndKeepsTheConnection) {
  Fixture f;
  RawPeer peer(f.server->port());
  for (int i = 0; i < 3; ++i) {
    peer.send("GET /hello?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = peer.read_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
    EXPECT_NE(head.find("Content-Length: 13\r\n"), std::string::npos) << head;
    EXPECT_EQ(peer.read_exactly(13), "hello GET a=b");
  }
  EXPECT_EQ(f.server->stats().accepted, 1u);
}

TEST(ServerH1, PipelinedRequestsAreAnsweredInOrder) {
  Fixture f;
  RawPeer peer(f.server->port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += "GET /hello?" + std::to_string(10 + i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  peer.send(all);
  for (int i = 0; i < 50; ++i) {
    peer.read_until("\r\n\r\n");
    EXPECT_EQ(peer.read_exactly(12), "hello GET " + std::to_string(10 + i));
  }
}

TEST(ServerH1, BodiesByLengthChunksAndContinue) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_NE(peer.read_until("abcde").find("200 OK"), std::string::npos);
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n4;ext=1\r\nba");
  peer.send("rs\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_NE(peer.read_until("foobars").find("Content-Length: 7"), std::string::npos);
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_NE(peer.read_until("\r\n\r\nok").find("200 OK"), std::string::npos);
}

TEST(ServerH1, TooLargeABodyIs413) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nabc");
  const std::string answer = peer.read_until("limit is 1048576\n");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("413 Request Entity Too Large"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Request entity too large: limit is 1048576"), std::string::npos) << answer;
}

TEST(ServerH1, MalformedRequestsAreRefusedBeforeTheHandler) {
  Fixture f;
  const std::pair<const char*, const char*> cases[] = {
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", "501"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\nHost: x\n\n", "400"},
      {"GET /hello HTTP/1.1\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n", "400"},
      {"GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
      {"POST /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"\x16\x03\x01\x02\r\n\r\n", "400"},
  };
  for (const auto& [request, status] : cases) {
    RawPeer peer(f.server->port());
    peer.send(request);
    const std::string answer = peer.read_all();
    EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << request << answer;
    EXPECT_EQ(answer.find("hello GET"), std::string::npos) << request;
  }
  EXPECT_EQ(f.server->stats().requests, 0u);
  RawPeer peer(f.server->port());
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nfoo\r\n0\r\n\r\n");
  EXPECT_TRUE(peer.read_all().starts_with("HTTP/1.1 400 "));
}

TEST(ServerH1, HugeHeadersAreRefusedWithBoundedMemory) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'a'));
  EXPECT_TRUE(peer.read_all().starts_with("HTTP/1.1 431 "));
  RawPeer many(f.server->port());
  std::string request = "GET /hello HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) request += "A: b\r\n";
  many.send(request + "\r\n");
  EXPECT_TRUE(many.read_all().starts_with("HTTP/1.1 431 "));
}

TEST(ServerH1, SlowHeadersAreCutOff) {
  Server::Options options;
  options.header_timeout = std::chrono::milliseconds(100);
  Fixture f(options);
  RawPeer peer(f.server->port());
  peer.send("GET /hello HTTP/1.1\r\n");
  EXPECT_TRUE(peer.at_end());
}

TEST(ServerH1, StreamsInChunksUntilThePeerGoes) {
  Fixture f;
  auto peer = std::make_unique<RawPeer>(f.server->port());
  peer->send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(peer->read_until("4\r\none\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
  StreamPtr s;
  {
    Lock lock(f.m);
    s = f.streams.at(0);
  }
  EXPECT_EQ(s->write("second\n"), Stream::Write::Ok);
  EXPECT_EQ(peer->read_until("second\n\r\n"), "7\r\nsecond\n\r\n");
  std::atomic<int> closed = 0;
  s->on_closed([&] { ++closed; });
  peer.reset();
  EXPECT_TRUE(eventually([&] { return closed.load() == 1; }));
  EXPECT_EQ(s->write("x"), Stream::Write::Closed);
  EXPECT_TRUE(eventually([&] { return f.server->stats().connections == 0; }));
}

TEST(ServerH1, FinishedStreamLeavesTheConnectionUsable) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("GET /count HTTP/1.1\r\nHost: x\r\n\r\nGET /hello?z HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string all = peer.read_until("hello GET z");
  EXPECT_NE(all.find("2\r\n0\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\nHTTP/1.1 200 OK"), std::string::npos)
      << all;
}

TEST(ServerH1, SlowReaderFillsItsBoundAndNoMore) {
  Server::Options options;
  options.stream_buffer_bytes_max = 100'000;
  options.write_stall_timeout = std::chrono::milliseconds(300);
  Fixture f(options);
  RawPeer peer(f.server->port(), 4096);
  peer.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.read_until("one\n");
  StreamPtr s;
  {
    Lock lock(f.m);
    s = f.streams.at(0);
  }
  const auto slice = std::make_shared<const std::string>(10'000, 'x');
  size_t accepted = 0;
  Stream::Write last = Stream::Write::Ok;
  ASSERT_TRUE(eventually([&] {
    for (int i = 0; i < 1000 && (last = s->write(slice)) == Stream::Write::Ok; ++i) ++accepted;
    const size_t before = s->buffered_bytes();
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(30), real_clock()));
    return last == Stream::Write::Full && before > 90'000 &&
           s->buffered_bytes() == before;  // the kernel is full too
  }));
  EXPECT_LE(s->buffered_bytes(), 100'000u);
  EXPECT_LT(accepted * 10'000, 20'000'000u);
  // A reader that takes nothing at all is cut.
  EXPECT_TRUE(eventually([&] { return s->closed(); }));
}

TEST(ServerH1, DrainedIsToldAfterFull) {
  Server::Options options;
  options.stream_buffer_bytes_max = 100'000;
  Fixture f(options);
  RawPeer peer(f.server->port(), 4096);
  peer.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.read_until("one\n");
  StreamPtr s;
  {
    Lock lock(f.m);
    s = f.streams.at(0);
  }
  std::atomic<int> drained = 0;
  s->on_drained([&] { ++drained; });
  size_t sent = 0;
  const auto slice = std::make_shared<const std::string>(10'000, 'x');
  ASSERT_TRUE(eventually([&] {
    Stream::Write w;
    while ((w = s->write(slice)) == Stream::Write::Ok) sent += slice->size();
    return w == Stream::Write::Full && s->buffered_bytes() > 90'000;
  }));
  s->finish();
  const std::string all = peer.read_until("\r\n0\r\n\r\n");
  EXPECT_GE(all.size(), sent);
  EXPECT_GE(drained.load(), 1);
}

TEST(ServerH1, UpgradeHandsOverTheRawConnection) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send(
      "POST /upgrade HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\nearly");
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
  EXPECT_EQ(peer.read_exactly(7), "<early>");
  peer.send("more");
  EXPECT_EQ(peer.read_exactly(6), "<more>");
  peer.shutdown_write();
  EXPECT_EQ(peer.read_all(), "bye");
  EXPECT_TRUE(eventually([&] { return f.server->stats().connections == 0; }));
  RawPeer plain(f.server->port());
  plain.send("GET /upgrade HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(plain.read_until("\r\n\r\n").starts_with("HTTP/1.1 400 "));
  for (const char* unknown : {"h2c", "foo", "echo, foo"}) {
    RawPeer other(f.server->port());
    other.send(std::string("GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ") + unknown +
               "\r\n\r\n");
    EXPECT_TRUE(other.read_all().starts_with("HTTP/1.1 400 ")) << unknown;
  }
}

TEST(ServerH1, DroppedExchangeAnswers500AndWorkersMayAnswer) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("GET /drop HTTP/1.1\r\nHost: x\r\n\r\nGET /worker HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string all = peer.read_until("from a worker");
  EXPECT_NE(all.find("500 Internal Server Error"), std::string::npos) << all;
}

TEST(ServerH1, Http10AndHead) {
  Fixture f;
  RawPeer peer(f.server->port());
  peer.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.0\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_NE(all.find("Content-Length: 11\r\n"), std::string::npos);
  EXPECT_EQ(all.find("hello HEAD"), std::string::npos);
  EXPECT_TRUE(all.ends_with("hello GET ")) << all;
}

TEST(Server, TellsWhyItCannotBind) {
  Fixture f;
  Loops loops({.clock = real_clock(), .random = secure_random()});
  Server second(loops, {.port = f.server->port()}, [](ExchangePtr) {});
  const Result<void> r = second.start();
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message(),
            "listen tcp 127.0.0.1:" + std::to_string(f.server->port()) + ": bind: address already in use");
}

TEST(Server, StopLetsExchangesEndThenCutsTheRest) {
  Fixture f;
  RawPeer idle(f.server->port());
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_until("hello GET ");
  RawPeer busy(f.server->port());
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  RawPeer watching(f.server->port());
  watching.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
  watching.read_until("one\n");
  ASSERT_TRUE(eventually([&] {
    Lock lock(f.m);
    return f.held.size() == 1;
  }));
  Thread stopper("stopper",
                 [&] { f.server->stop(Deadline::after(std::chrono::milliseconds(500), real_clock())); });
  EXPECT_TRUE(idle.at_end());
  {
    Lock lock(f.m);
    f.held[0]->respond(200, {}, Slice("late"));
    f.held.clear();
  }
  EXPECT_NE(busy.read_all().find("Connection: close"), std::string::npos);
  stopper.join();
  EXPECT_TRUE(watching.at_end());
  EXPECT_EQ(f.server->stats().connections, 0u);
}

TEST(Server, RefusesConnectionsBeyondItsBound) {
  Server::Options options;
  options.connections_max = 2;
  Fixture f(options);
  RawPeer a(f.server->port()), b(f.server->port());
  ASSERT_TRUE(eventually([&] { return f.server->stats().connections == 2; }));
  RawPeer c(f.server->port());
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(f.server->stats().refused, 1u);
}

TEST(ServerH2, ServesOverTlsByAlpn) {
  if (!testing::have_curl()) GTEST_SKIP() << "curl with HTTP/2 is not installed";
  TestCa ca;
  Fixture f(tls_options(ca), 2);
  PemFile roots(ca.pem());
  const std::string base = "--cacert " + roots.path + " -w ' %{http_version} %{http_code}' ";
  EXPECT_EQ(curl(base + f.url("/hello?q=1", true)), "hello GET q=1 2 200");
  EXPECT_EQ(curl(base + "--http1.1 " + f.url("/hello?q=1", true)), "hello GET q=1 1.1 200");
  EXPECT_EQ(curl(base + "-d body " + f.url("/echo", true)), "body 2 200");
  EXPECT_EQ(curl(base + f.url("/worker", true)), "from a worker 2 200");
  EXPECT_EQ(curl(base + f.url("/count", true)), "0\n1\n2\n 2 200");
  EXPECT_EQ(curl(base + f.url("/nothing", true)), "404 page not found\n 2 404");
  EXPECT_EQ(curl(base + f.url("/drop", true)), "the request was dropped without an answer\n 2 500");
  EXPECT_EQ(curl(base + "-I -o /dev/null " + f.url("/hello", true)), " 2 200");
  EXPECT_EQ(curl("-o /dev/null --cacert " + roots.path + " -w '%{size_download}' " + f.url("/big", true)),
            "10000001");
  EXPECT_EQ(
      curl("-o /dev/null --http1.1 --cacert " + roots.path + " -w '%{size_download}' " + f.url("/big", true)),
      "10000001");
  EXPECT_EQ(
      curl("--http2-prior-knowledge --cacert " + roots.path +
           " --parallel --no-progress-meter -w '%{http_code},' -o /dev/null " + f.url("/hello?[1-50]", true))
          .substr(0, 8),
      "200,200,");
}

TEST(ServerH2, PriorKnowledgeWithoutTls) {
  if (!testing::have_curl()) GTEST_SKIP() << "curl with HTTP/2 is not installed";
  Fixture f;
  EXPECT_EQ(curl("--http2-prior-knowledge -w ' %{http_version}' " + f.url("/hello?x")), "hello GET x 2");
}

TEST(ServerTls, ClientCertificatesIdentify) {
  if (!testing::have_curl()) GTEST_SKIP() << "curl with HTTP/2 is not installed";
  TestCa ca;
  TestCa other("other-ca");
  Fixture f(tls_options(ca));
  PemFile roots(ca.pem());
  const auto ask = [&](const testing::TestIdentity& id) {
    PemFile cert(id.certificate_pem);
    PemFile key(id.key_pem);
    return curl("--cacert " + roots.path + " --cert " + cert.path + " --key " + key.path + " " +
                f.url("/who", true));
  };
  EXPECT_EQ(ask(ca.issue({.common_name = "admin", .organizations = {"system:masters"}, .client = true})),
            "admin/system:masters");
  EXPECT_EQ(curl("--cacert " + roots.path + " " + f.url("/who", true)), "nobody:");
  EXPECT_EQ(
      ask(ca.issue(
          {.common_name = "old", .client = true, .valid_from_seconds = -7200, .valid_to_seconds = -3600})),
      "nobody:certificate has expired");
  EXPECT_EQ(ask(other.issue({.common_name = "stranger", .organizations = {"system:masters"}, .client = true}))
                .substr(0, 7),
            "nobody:");
  EXPECT_NE(ask(other.issue({.common_name = "stranger", .client = true})), "nobody:");
  EXPECT_NE(ask(ca.issue({.common_name = "server-only", .client = false})), "server-only/");
}

TEST(ServerTls, RefusesBadCertificatesWhereAsked) {
  if (!testing::have_curl()) GTEST_SKIP() << "curl with HTTP/2 is not installed";
  TestCa ca;
  TestCa other("other-ca");
  Server::Options options = tls_options(ca);
  options.tls->refuse_bad_client_certificates = true;
  Fixture f(options);
  PemFile roots(ca.pem());
  const auto id = other.issue({.common_name = "stranger", .client = true});
  PemFile cert(id.certificate_pem);
  PemFile key(id.key_pem);
  const std::string answer = curl("--cacert " + roots.path + " --cert " + cert.path + " --key " + key.path +
                                  " " + f.url("/who", true));
  EXPECT_NE(answer.find("curl:"), std::string::npos) << answer;
  EXPECT_EQ(f.server->stats().requests, 0u);
}

TEST(ServerTls, PlainHttpOnATlsPortAndKeyErrorsAreClear) {
  TestCa ca;
  Fixture f(tls_options(ca));
  RawPeer peer(f.server->port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(peer.at_end());
  ServerTlsOptions broken{.certificate_pem = ca.pem(), .key_pem = "nonsense"};
  EXPECT_FALSE(f.server->reload_tls(broken).ok());
  broken = {.certificate_pem = "", .key_pem = ""};
  EXPECT_EQ(f.server->reload_tls(broken).error().message(), "certificate: no PEM certificate in it");
}

TEST(Server, ABodyThatIsALittleTooLongIsTakenUntilItsSenderReadsWhy) {
  Fixture f;
  RawPeer peer(f.server->port());
  const std::string piece(64 * 1024, 'b');
  constexpr size_t kPieces = 48;
  peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kPieces * piece.size()) +
            "\r\n\r\n");
  for (size_t i = 1; i < kPieces; ++i) peer.send(piece);
  ::usleep(50'000);  // a connection that was closed under it would be known as such by now
  EXPECT_TRUE(peer.send(piece));
  EXPECT_EQ(peer.read_until("\r\n"), "HTTP/1.1 413 Request Entity Too Large\r\n");
}

}  // namespace
}  // namespace mizzen::http
