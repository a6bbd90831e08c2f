#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "async/mutex.h"
#include "async/thread.h"
#include "rpc/channel.h"
#include "rpc/testing/server.h"

namespace mizzen::rpc {
namespace {

Deadline soon() { return Deadline::after(std::chrono::seconds(10), real_clock()); }

std::string socket_address() { return "unix:/tmp/mizzen-rpc-test-" + std::to_string(::getpid()) + ".sock"; }

class Rpc : public testing::Test {
 protected:
  void SetUp() override {
    server_.on("/t.T/Echo", [](const std::string& request) -> Result<std::string> { return request; });
    server_.on("/t.T/Fail", [](const std::string& request) -> Result<std::string> {
      return make_error(Status::NotFound, "no " + request);
    });
    server_.on_stream("/t.T/Chat", [](ServerCall& call) -> Result<void> {
      while (auto message = call.read()) {
        if (*message == "bye") return make_error(Status::Aborted, "as you wish");
        if (!call.write("<" + *message + ">")) break;
      }
      return {};
    });
    server_.on_stream("/t.T/Hang", [this](ServerCall& call) -> Result<void> {
      while (call.read()) {
      }
      while (!call.cancelled())
        (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(5), real_clock()));
      ++cancelled_;
      return {};
    });
    auto address = server_.start(socket_address());
    ASSERT_TRUE(address.ok());
    auto channel = Channel::open({.target = *address});
    ASSERT_TRUE(channel.ok());
    channel_ = std::move(*channel);
  }

  void TearDown() override { ::unlink(socket_address().substr(5).c_str()); }

  std::atomic<int> cancelled_{0};
  Server server_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(Rpc, CallsAndAnswers) {
  EXPECT_EQ(*channel_->call("/t.T/Echo", "hello", soon()), "hello");
  EXPECT_EQ(*channel_->call("/t.T/Echo", "", soon()), "");
  const std::string big(5 << 20, 'x');
  EXPECT_EQ(*channel_->call("/t.T/Echo", big, soon()), big);
}

TEST_F(Rpc, ErrorsReadAsGoPrintsThem) {
  auto failed = channel_->call("/t.T/Fail", "bread", soon());
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), Code::NotFound);
  EXPECT_EQ(failed.error().message(), "rpc error: code = NotFound desc = no bread");
  EXPECT_EQ(description(failed.error()), "no bread");
  EXPECT_EQ(status_of(failed.error()), Status::NotFound);
  auto unknown = channel_->call("/t.T/Nothing", "", soon());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(status_of(unknown.error()), Status::Unimplemented);
  EXPECT_EQ(status_of(Error(Code::NotFound, "plain")), Status::Unknown);
  EXPECT_EQ(description(failed.error().with_context("pull")), "no bread");
}

/// What a call without a waiting thread gave.
class Told {
 public:
  std::function<void(Result<std::string>)> done() {
    return [this](Result<std::string> result) {
      Lock lock(m_);
      result_ = std::move(result);
      changed_.notify_all();
    };
  }
  Result<std::string> wait() {
    Lock lock(m_);
    while (!result_)
      if (!changed_.wait_until(m_, soon())) return Error(Code::Unknown, "never told");
    return *result_;
  }

 private:
  Mutex m_;
  CondVar changed_;
  std::optional<Result<std::string>> result_ MZ_GUARDED_BY(m_);
};

TEST_F(Rpc, CallsThatNobodyWaitsForAreToldOnce) {
  Told good, failed, late, stopped, never;
  channel_->call("/t.T/Echo", "hello", soon(), {}, good.done());
  EXPECT_EQ(*good.wait(), "hello");
  channel_->call("/t.T/Fail", "bread", soon(), {}, failed.done());
  EXPECT_EQ(failed.wait().error().message(), "rpc error: code = NotFound desc = no bread");
  channel_->call("/t.T/Hang", "", Deadline::after(std::chrono::milliseconds(50), real_clock()), {},
                 late.done());
  EXPECT_EQ(late.wait().error().code(), Code::Timeout);
  StopSource stop;
  channel_->call("/t.T/Hang", "", soon(), {.stop = stop.token()}, stopped.done());
  stop.stop();
  EXPECT_EQ(stopped.wait().error().code(), Code::Cancelled);
  channel_->call("/t.T/Hang", "", soon(), {.stop = stop.token()}, never.done());
  EXPECT_EQ(never.wait().error().code(), Code::Cancelled) << "stopped before it began";
}

TEST_F(Rpc, AChannelWaitsForWhatIsUnderWay) {
  StopSource stop;
  Told told;
  channel_->call("/t.T/Hang", "", soon(), {.stop = stop.token()}, told.done());
  Thread stopper("stopper", [&] {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(20), real_clock()));
    stop.stop();
  });
  channel_.reset();
  EXPECT_EQ(told.wait().error().code(), Code::Cancelled);
  stopper.join();
}

TEST_F(Rpc, AChannelMayGoOnTheThreadThatTold) {
  for (int i = 0; i < 200; ++i) {
    auto opened = Channel::open({.target = socket_address()});
    ASSERT_TRUE(opened.ok());
    auto channel = std::shared_ptr<Channel>(std::move(*opened));
    auto told = std::make_shared<Told>();
    Channel* const raw = channel.get();
    // The last that has the channel is what is told.
    raw->call("/t.T/Echo", "x", soon(), {},
              [channel = std::move(channel), told, done = told->done()](Result<std::string> result) mutable {
                done(std::move(result));
              });
    EXPECT_EQ(*told->wait(), "x");
  }
}

TEST_F(Rpc, DeadlineEndsACall) {
  auto late = channel_->call("/t.T/Hang", "", Deadline::after(std::chrono::milliseconds(100), real_clock()));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::Timeout);
  EXPECT_TRUE(channel_->call("/t.T/Echo", "still here", soon()).ok());
}

TEST_F(Rpc, StopCancelsACall) {
  StopSource stop;
  Thread stopper("stopper", [&] {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(100), real_clock()));
    stop.stop();
  });
  auto stopped = channel_->call("/t.T/Hang", "", soon(), {.metadata = {}, .stop = stop.token()});
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), Code::Cancelled);
}

TEST_F(Rpc, StreamsGoBothWays) {
  auto stream = channel_->stream("/t.T/Chat", soon());
  for (const char* word : {"a", "b", "c"}) {
    ASSERT_TRUE(stream->write(word));
    EXPECT_EQ(stream->read(), std::string("<") + word + ">");
  }
  stream->writes_done();
  EXPECT_EQ(stream->read(), std::nullopt);
  EXPECT_TRUE(stream->finish().ok());
}

TEST_F(Rpc, StreamEndsWithTheServersError) {
  auto stream = channel_->stream("/t.T/Chat", soon());
  ASSERT_TRUE(stream->write("bye"));
  EXPECT_EQ(stream->read(), std::nullopt);
  const Result<void> end = stream->finish();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(status_of(end.error()), Status::Aborted);
  EXPECT_EQ(description(end.error()), "as you wish");
}

TEST_F(Rpc, DestroyingAStreamCancelsIt) {
  channel_->stream("/t.T/Hang", Deadline::never()).reset();
  const Deadline deadline = soon();
  while (cancelled_ == 0 && !deadline.expired()) {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(5), real_clock()));
  }
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(Rpc, ABlockedReadEndsWithCancel) {
  auto stream = channel_->stream("/t.T/Hang", Deadline::never());
  Thread canceller("canceller", [&] {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
    stream->cancel();
  });
  EXPECT_EQ(stream->read(), std::nullopt);
  EXPECT_EQ(stream->finish().error().code(), Code::Cancelled);
}

TEST(RpcChannel, UnreachableServersFailAtOnceOrWait) {
  auto channel = Channel::open({.target = "unix:/tmp/mizzen-rpc-test-absent.sock"});
  ASSERT_TRUE(channel.ok());
  auto refused = (*channel)->call("/t.T/Echo", "", soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::ServiceUnavailable);
  CallOptions wait;
  wait.wait_for_ready = true;
  auto late =
      (*channel)->call("/t.T/Echo", "", Deadline::after(std::chrono::milliseconds(200), real_clock()), wait);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::Timeout);
}

TEST(RpcChannel, OversizedAnswersAreRefused) {
  Server server;
  server.on("/t.T/Big", [](const std::string&) -> Result<std::string> { return std::string(4096, 'x'); });
  auto address = server.start("127.0.0.1:0");
  ASSERT_TRUE(address.ok());
  auto channel = Channel::open({.target = *address, .tls = {}, .message_bytes_max = 1024});
  auto refused = (*channel)->call("/t.T/Big", "", soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(status_of(refused.error()), Status::ResourceExhausted);
}

TEST(RpcChannel, OptionsAreChecked) {
  EXPECT_FALSE(Channel::open({}).ok());
  EXPECT_FALSE(Channel::open({.target = "x:1", .tls = ChannelOptions::Tls{"", "cert", ""}}).ok());
}

}  // namespace
}  // namespace mizzen::rpc
