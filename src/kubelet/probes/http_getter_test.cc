#include "kubelet/probes/http_getter.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "http/server/server.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What was told, in order.
template <typename T>
class Tellings {
 public:
  void tell(T one) {
    Lock lock(m_);
    all_.push_back(std::move(one));
    changed_.notify_all();
  }
  /// The first `n`; fewer where the others are not told within five seconds.
  std::vector<T> wait(size_t n) {
    const auto deadline = Deadline::after(seconds(5), real_clock());
    Lock lock(m_);
    while (all_.size() < n && !deadline.expired()) changed_.wait_until(m_, deadline);
    return all_;
  }

 private:
  Mutex m_;
  CondVar changed_;
  std::vector<T> all_;
};

class HttpGetterTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server.start().ok()); }
  void TearDown() override {
    {
      Lock lock(m);
      held.clear();
    }
    server.stop(Deadline::after(seconds(1), real_clock()));
  }
  void serve(http::ExchangePtr e) {
    if (e->request().path == "/never") {
      Lock lock(m);
      held.push_back(std::move(e));
    } else {
      e->respond(200, {{"Content-Type", "text/plain"}}, http::Slice(std::string(3 << 20, 'x')));
    }
  }
  size_t held_now() {
    Lock lock(m);
    return held.size();
  }
  std::string url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(server.port()) + path;
  }

  http::Loops loops{{.clock = real_clock(), .random = secure_random()}};
  Mutex m;
  std::vector<http::ExchangePtr> held MZ_GUARDED_BY(m);
  http::Server server{loops, {}, [this](http::ExchangePtr e) { serve(std::move(e)); }};
  ThreadPool names{real_clock(), {.name = "names"}};
  Tellings<Result<HttpGetter::Answer>> answers;
  ClientHttpGetter getter{loops, names};
};

TEST_F(HttpGetterTest, ReadsTheBeginningOfABodyOfAnyLength) {
  getter.get(url("/"), {}, Deadline::after(seconds(10), real_clock()), {},
             [&](const Result<HttpGetter::Answer>& got) { answers.tell(got); });
  const auto told = answers.wait(1);
  ASSERT_EQ(told.size(), 1u);
  ASSERT_TRUE(told[0].ok()) << told[0].error().message();
  EXPECT_EQ(told[0]->status, 200);
  EXPECT_EQ(told[0]->body, std::string(10 * 1024, 'x'));
}

TEST_F(HttpGetterTest, ManyThatHangHoldNothingUpAndEndAtOnceWhenStopped) {
  constexpr size_t kMany = 100;
  StopSource source;
  for (size_t i = 0; i < kMany; ++i)
    getter.get(url("/never"), {}, Deadline::after(seconds(60), real_clock()), source.token(),
               [&](const Result<HttpGetter::Answer>& got) { answers.tell(got); });
  while (held_now() < kMany) StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
  Tellings<Result<void>> connected;
  getter.connect("127.0.0.1", server.port(), Deadline::after(seconds(5), real_clock()), {},
                 [&](const Result<void>& got) { connected.tell(got); });
  ASSERT_EQ(connected.wait(1).size(), 1u);
  EXPECT_TRUE(connected.wait(1)[0].ok());
  EXPECT_TRUE(answers.wait(0).empty());
  source.stop();
  const auto told = answers.wait(kMany);
  ASSERT_EQ(told.size(), kMany);
  for (const auto& one : told) EXPECT_EQ(one.error().code(), Code::Cancelled);
}

TEST_F(HttpGetterTest, SaysWhyNobodyAnswers) {
  Tellings<Result<void>> connected;
  const auto told = [&](const Result<void>& got) { connected.tell(got); };
  getter.connect("127.0.0.1", 1, Deadline::after(seconds(5), real_clock()), {}, told);
  ASSERT_EQ(connected.wait(1).size(), 1u);
  EXPECT_EQ(connected.wait(1)[0].error().message(), "dial tcp 127.0.0.1:1: connect: connection refused");
  getter.connect("no-such-host.invalid", 80, Deadline::after(seconds(5), real_clock()), {}, told);
  ASSERT_EQ(connected.wait(2).size(), 2u);
  EXPECT_TRUE(connected.wait(2)[1].error().message().starts_with("dial tcp: lookup no-such-host.invalid: "))
      << connected.wait(2)[1].error().message();
}

TEST_F(HttpGetterTest, EachRequestHasAConnectionOfItsOwn) {
  for (size_t i = 1; i <= 3; ++i) {
    getter.get(url("/"), {}, Deadline::after(seconds(10), real_clock()), {},
               [&](const Result<HttpGetter::Answer>& got) { answers.tell(got); });
    ASSERT_EQ(answers.wait(i).size(), i);
  }
  EXPECT_EQ(server.stats().accepted, 3u);
}

}  // namespace
}  // namespace mizzen::kubelet
