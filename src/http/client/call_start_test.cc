#include "http/client/call_start.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "async/executor.h"
#include "http/server/server.h"
#include "http/testing/certificates.h"

namespace mizzen::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

CallContext within(Duration time, StopToken stop = {}) {
  return {Deadline::after(time, real_clock()), std::move(stop)};
}

/// What was told of calls that were begun.
template <typename T>
class Tellings {
 public:
  std::function<void(Result<T>)> next() {
    return [this](Result<T> result) {
      EXPECT_NE(Loop::current(), nullptr) << "told elsewhere than on a loop";
      Lock lock(m_);
      all_.push_back(std::move(result));
      changed_.notify_all();
    };
  }
  /// The first `n`; fewer where the others are not told within five seconds.
  std::vector<Result<T>>& wait(size_t n) {
    const auto deadline = Deadline::after(seconds(5), real_clock());
    Lock lock(m_);
    while (all_.size() < n && !deadline.expired()) changed_.wait_until(m_, deadline);
    return all_;
  }

 private:
  Mutex m_;
  CondVar changed_;
  std::vector<Result<T>> all_;
};

/// A port where the system takes connections, or none any more, and nobody answers.
class DeafPort {
 public:
  explicit DeafPort(bool takes_connections) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, takes_connections ? 1000 : 0), 0);
    socklen_t length = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < (takes_connections ? 0 : 4); ++i) {
      fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(fillers_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~DeafPort() {
    for (const int fd : fillers_) ::close(fd);
    ::close(fd_);
  }
  Target target(bool tls = false) const { return {.tls = tls, .host = "127.0.0.1", .port = port_}; }
  std::string text() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  uint16_t port_ = 0;
  std::vector<int> fillers_;
};

class BegunCall : public ::testing::Test {
 protected:
  BegunCall() {
    EXPECT_TRUE(server.start().ok());
    target = {.host = "127.0.0.1", .port = server.port()};
  }
  ~BegunCall() override {
    client.stop();
    {
      Lock lock(m);
      held.clear();
      streams.clear();
    }
    server.stop(Deadline::after(seconds(1), real_clock()));
  }
  void serve(ExchangePtr e) {
    const std::string path(e->request().path);
    if (path == "/never") {
      Lock lock(m);
      held.push_back(std::move(e));
    } else if (path == "/half") {
      auto stream = e->start_stream(200, {});
      stream->write("half");
      Lock lock(m);
      streams.push_back(std::move(stream));
    } else if (path == "/big") {
      e->respond(200, {}, Slice(std::string(3 << 20, 'x')));
    } else {
      e->respond(200, {}, Slice(path));
    }
  }
  size_t held_now() {
    Lock lock(m);
    return held.size();
  }
  void ask(const std::string& path, const CallContext& context, Executor* look_ups = nullptr) {
    client.begin_request({.target = target, .path = path}, 10, context, look_ups, answers.next());
  }

  Loops loops{{.clock = real_clock(), .random = secure_random(), .threads = 2}};
  Mutex m;
  std::vector<ExchangePtr> held MZ_GUARDED_BY(m);
  std::vector<StreamPtr> streams MZ_GUARDED_BY(m);
  Server server{loops, {}, [this](ExchangePtr e) { serve(std::move(e)); }};
  Target target;
  Tellings<Response> answers;
  Client client{loops, {.connections_per_target_max = 200}};
};

TEST_F(BegunCall, IsToldItsAnswer) {
  ask("/a", within(seconds(5)));
  auto& told = answers.wait(1);
  ASSERT_EQ(told.size(), 1u);
  ASSERT_TRUE(told[0].ok()) << told[0].error().message();
  EXPECT_EQ(told[0]->status, 200);
  EXPECT_EQ(told[0]->body, "/a");
}

TEST_F(BegunCall, ReadsNothingBeyondItsBound) {
  ask("/big", within(seconds(5)));
  auto& told = answers.wait(1);
  ASSERT_TRUE(told.at(0).ok()) << told[0].error().message();
  EXPECT_EQ(told[0]->body, "xxxxxxxxxx");
}

TEST_F(BegunCall, ManyThatHangHoldNothingUpAndEndAtOnceWhenStopped) {
  StopSource source;
  for (int i = 0; i < 100; ++i) ask("/never", within(seconds(60), source.token()));
  while (held_now() < 100) StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
  Tellings<Response> others;
  client.begin_request({.target = target, .path = "/b"}, 10, within(seconds(5)), nullptr, others.next());
  ASSERT_EQ(others.wait(1).size(), 1u);
  EXPECT_TRUE(others.wait(1)[0].ok());
  EXPECT_TRUE(answers.wait(0).empty());
  source.stop();
  auto& told = answers.wait(100);
  ASSERT_EQ(told.size(), 100u);
  for (const auto& one : told) EXPECT_EQ(one.error().code(), Code::Cancelled);
}

TEST_F(BegunCall, WaitsForAPlaceAndGetsIt) {
  Client narrow(loops, {.connections_per_target_max = 1});
  StopSource source;
  Tellings<Response> first, second;
  narrow.begin_request({.target = target, .path = "/never"}, 10, within(seconds(60), source.token()), nullptr,
                       first.next());
  while (held_now() < 1) StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
  narrow.begin_request({.target = target, .path = "/c"}, 10, within(milliseconds(50)), nullptr,
                       second.next());
  ASSERT_EQ(second.wait(1).size(), 1u);
  EXPECT_TRUE(second.wait(1)[0].error().message().ends_with("context deadline exceeded"));
  narrow.begin_request({.target = target, .path = "/d"}, 10, within(seconds(5)), nullptr, second.next());
  source.stop();
  ASSERT_EQ(second.wait(2).size(), 2u);
  EXPECT_TRUE(second.wait(2)[1].ok()) << second.wait(2)[1].error().message();
}

TEST_F(BegunCall, ItsDeadlineHoldsAtEachStep) {
  const auto message = [&](const Target& to, const std::string& path) {
    Tellings<Response> told;
    client.begin_request({.target = to, .path = path}, 10, within(milliseconds(100)), nullptr, told.next());
    if (told.wait(1).empty()) return std::string("not told");
    EXPECT_EQ(told.wait(1)[0].error().code(), Code::Timeout);
    const std::string text = told.wait(1)[0].error().message();
    return text.substr(text.find("\": ") + 3);
  };
  const DeafPort full(false), deaf(true);
  EXPECT_EQ(message(full.target(), "/"), "dial tcp " + full.text() + ": i/o timeout");
  EXPECT_EQ(message(deaf.target(true), "/"), "TLS handshake with https://" + deaf.text() + ": i/o timeout");
  EXPECT_EQ(message(target, "/never"), "context deadline exceeded");
  EXPECT_EQ(message(target, "/half"), "context deadline exceeded");
}

TEST_F(BegunCall, AStopEndsADial) {
  const DeafPort full(false);
  StopSource source;
  Tellings<DuplexPtr> told;
  client.begin_dial(full.target(), within(seconds(60), source.token()), nullptr, told.next());
  source.stop();
  ASSERT_EQ(told.wait(1).size(), 1u);
  EXPECT_EQ(told.wait(1)[0].error().code(), Code::Cancelled);
}

TEST_F(BegunCall, SaysWhoRefused) {
  Tellings<DuplexPtr> told;
  client.begin_dial({.host = "127.0.0.1", .port = 1}, within(seconds(5)), nullptr, told.next());
  ASSERT_EQ(told.wait(1).size(), 1u);
  EXPECT_EQ(told.wait(1)[0].error().message(), "dial tcp 127.0.0.1:1: connect: connection refused");
  client.begin_dial(target, within(seconds(5)), nullptr, told.next());
  ASSERT_EQ(told.wait(2).size(), 2u);
  EXPECT_TRUE(told.wait(2)[1].ok());
}

TEST_F(BegunCall, ANameIsLookedUpWhereThatMayBlock) {
  target.host = "localhost";
  ask("/e", within(seconds(5)));
  auto& told = answers.wait(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(
      told[0].error().message().ends_with("dial tcp: lookup localhost: nobody here looks up names now"))
      << told[0].error().message();
  ThreadPool pool(real_clock(), {.name = "names"});
  ask("/e", within(seconds(5)), &pool);
  ASSERT_EQ(answers.wait(2).size(), 2u);
  EXPECT_TRUE(answers.wait(2)[1].ok()) << answers.wait(2)[1].error().message();
  const auto blocking = client.request({.target = target, .path = "/f"}, within(seconds(5)));
  ASSERT_TRUE(blocking.ok()) << "who waits looks it up itself: " << blocking.error().message();
}

TEST_F(BegunCall, WhoWaitsIsToldEvenWhenNoLoopRunsAnyMore) {
  Loops ended({.clock = real_clock(), .random = secure_random()});
  Client stopped(ended, {});
  stopped.stop();
  ended.stop();
  EXPECT_EQ(stopped.request({.target = target}, within(seconds(60))).error().code(), Code::Cancelled);
}

/// A look-up that nobody carries out.
class Nowhere final : public Executor {
 public:
  bool post(std::function<void()> f) override {
    Lock lock(m_);
    kept_.push_back(std::move(f));
    return true;
  }

 private:
  Mutex m_;
  std::vector<std::function<void()>> kept_;
};

TEST_F(BegunCall, ALookUpThatHangsIsNotWaitedFor) {
  target.host = "localhost";
  Nowhere nowhere;
  ask("/g", within(milliseconds(50)), &nowhere);
  auto& told = answers.wait(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].error().message().ends_with("dial tcp: lookup localhost: i/o timeout"))
      << told[0].error().message();
}

TEST_F(BegunCall, TheEndOfTheClientTellsAll) {
  const DeafPort full(false);
  ask("/never", within(seconds(60)));
  while (held_now() < 1) StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
  client.begin_request({.target = full.target()}, 10, within(seconds(60)), nullptr, answers.next());
  client.stop();
  ASSERT_EQ(answers.wait(0).size(), 2u) << "stop() returned before all were told";
  for (const auto& one : answers.wait(2)) EXPECT_EQ(one.error().code(), Code::Cancelled);
  ask("/h", within(seconds(60)));
  EXPECT_EQ(answers.wait(3).size(), 3u);
}

}  // namespace
}  // namespace mizzen::http
