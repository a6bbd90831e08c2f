#include "kubelet/tokens/token_manager.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/schema/authentication/v1/token_request.h"
#include "client/testing/fake_api.h"
#include "client/testing/scripted_api.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using api::authentication::v1::TokenRequest;
using client::Call;
using client::Object;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Runs what it was given when it is told to.
class Later final : public Executor {
 public:
  bool post(std::function<void()> f) override {
    if (full) return false;
    waiting.push_back(std::move(f));
    return true;
  }
  void run() {
    while (!waiting.empty()) {
      auto f = std::move(waiting.front());
      waiting.erase(waiting.begin());
      f();
    }
  }
  std::vector<std::function<void()>> waiting;
  bool full = false;
};

/// No chance: jitters and spreads are nothing.
class Never final : public Random {
 public:
  uint64_t next() override { return 0; }
};

/// A machine that can sleep: its wall clock goes on then, its monotonic clock does not.
class SleepingClock final : public Clock {
 public:
  Monotonic monotonic() const override { return clock.monotonic(); }
  WallTime wall() const override { return clock.wall() + slept; }
  ManualClock clock;
  Duration slept{};
};

class TokenManagerTest : public ::testing::Test {
 protected:
  TokenManagerTest() {
    api_.answer("serviceaccounts/token", [this](const Object& sent, const Call&) -> Result<Object> {
      if (refused_) return *refused_;
      TokenRequest out = *sent.as<TokenRequest>();
      out.status.token = fmt::format("{}-{}", out.spec.boundObjectRef->name, ++issued_);
      out.status.expirationTimestamp =
          codec::Time::from(clock_.wall() + whole_seconds(*out.spec.expirationSeconds));
      return Object::of(out);
    });
  }
  /// A pod whose uid is its name, with a token for each audience.
  static Pod pod(const std::string& name, const std::vector<std::string>& audiences = {""},
                 int64_t lifetime = 3600) {
    Pod out =
        testing::pod_of(R"({"spec":{"serviceAccountName":"robot","volumes":[{"name":"v","projected":{}}],
        "containers":[{"name":"c","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}})");
    out.metadata.name = out.metadata.uid = name;
    for (const auto& audience : audiences) {
      auto& token =
          out.spec.volumes[0].volumeSource.projected->sources.emplace_back().serviceAccountToken.ensure();
      token.audience = audience;
      token.expirationSeconds = lifetime;
    }
    return out;
  }
  Result<std::string> token(const Pod& pod) { return tokens_.token(*token_wishes(pod).begin()); }
  std::string text(const Pod& pod) {
    const auto found = token(pod);
    return found.ok() ? *found : found.error().message();
  }
  void pass(Duration d) {
    clock_.clock.advance(d);
    alarms_.tick();
    executor_.run();
  }
  int asked() {
    const auto calls = api_.calls();
    const auto found = calls.find("create serviceaccounts/token");
    return found == calls.end() ? 0 : found->second;
  }

  SleepingClock clock_;
  Never random_;
  Later executor_;
  Alarms alarms_{clock_, nullptr};
  client::testing::FakeApi api_;
  std::optional<Error> refused_;
  int issued_ = 0;
  std::vector<std::string> told_;
  TokenManager tokens_{
      {api_, executor_, alarms_, clock_, random_, [this](const std::string& uid) { told_.push_back(uid); }}};
};

TEST_F(TokenManagerTest, ATokenIsAskedForAsSoonAsItsPodIsKnown) {
  const Pod web = pod("web"), db = pod("db", {"", "vault"});
  tokens_.watch(web);
  tokens_.watch(db);
  tokens_.watch(web);
  EXPECT_FALSE(tokens_.ready("web"));
  EXPECT_EQ(text(web), "failed to fetch token: the API server has not answered yet");
  EXPECT_EQ(asked(), 0) << "nobody waits for the API";
  executor_.run();
  EXPECT_EQ(asked(), 3);
  EXPECT_TRUE(tokens_.ready("web"));
  EXPECT_TRUE(tokens_.ready("db"));
  EXPECT_EQ(text(web), "web-1");
  EXPECT_THAT(told_, ElementsAre("web", "db", "db"));
}

TEST_F(TokenManagerTest, APodWithoutTokensCostsNothing) {
  tokens_.watch(pod("web", {}));
  EXPECT_TRUE(executor_.waiting.empty());
  EXPECT_TRUE(tokens_.ready("web"));
  EXPECT_EQ(tokens_.size(), 0u);
}

TEST_F(TokenManagerTest, ATokenIsRenewedWhenFourFifthsOfItsLifeAreOver) {
  const Pod web = pod("web");
  tokens_.watch(web);
  executor_.run();
  pass(seconds(2879));
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(text(web), "web-1");
  pass(seconds(1));
  EXPECT_EQ(text(web), "web-2");
  EXPECT_THAT(told_, ElementsAre("web", "web")) << "its volume is to be written anew";
  pass(seconds(2879));
  EXPECT_EQ(text(web), "web-2");
  pass(seconds(1));
  EXPECT_EQ(text(web), "web-3");
  EXPECT_EQ(asked(), 3);
}

TEST_F(TokenManagerTest, ALongOneIsRenewedAfterADay) {
  const Pod web = pod("web", {""}, 100 * 24 * 3600);
  tokens_.watch(web);
  executor_.run();
  pass(hours(24) - seconds(1));
  EXPECT_EQ(text(web), "web-1");
  pass(seconds(1));
  EXPECT_EQ(text(web), "web-2");
}

TEST_F(TokenManagerTest, AFailureKeepsTheOldTokenWhileItIsGood) {
  const Pod web = pod("web");
  tokens_.watch(web);
  executor_.run();
  refused_ = Error(Code::Forbidden, "not now");
  pass(seconds(2880));
  EXPECT_EQ(text(web), "web-1");
  EXPECT_TRUE(tokens_.ready("web"));
  EXPECT_THAT(told_, ElementsAre("web")) << "nothing changed";
  // The pauses: 0.5 s, 1, 2, 4, 8, 16, 32, 64, 122, 122 ...
  EXPECT_EQ(asked(), 2);
  for (const Duration pause : {milliseconds(500), milliseconds(1000), milliseconds(2000)}) {
    const int before = asked();
    pass(pause - milliseconds(1));
    EXPECT_EQ(asked(), before);
    pass(milliseconds(1));
    EXPECT_EQ(asked(), before + 1);
  }
  for (int i = 0; i < 700; ++i) pass(seconds(1));
  EXPECT_EQ(text(web), "web-1") << "it is good for 16 s yet";
  const int before = asked();
  for (int i = 0; i < 20; ++i) pass(seconds(1));
  EXPECT_LE(asked(), before + 1) << "a server that refuses is not asked all the time";
  EXPECT_EQ(text(web), "token " + token_wishes(web).begin()->text() + " expired and refresh failed: not now");
  refused_.reset();
  pass(seconds(122));
  EXPECT_EQ(text(web), "web-2");
  EXPECT_THAT(told_, ElementsAre("web", "web"));
  refused_ = Error(Code::Forbidden, "not now");
  pass(seconds(2880));
  EXPECT_EQ(text(web), "web-2") << "and the pauses begin anew";
  const int again = asked();
  pass(milliseconds(500));
  EXPECT_EQ(asked(), again + 1);
}

TEST_F(TokenManagerTest, APodThatHasNoneIsToldWhyAndGetsItSoonAfterItCan) {
  const Pod web = pod("web");
  refused_ = Error(Code::NotFound, R"(serviceaccounts "robot" not found)");
  tokens_.watch(web);
  executor_.run();
  EXPECT_TRUE(tokens_.ready("web")) << "whoever needs it says what is missing";
  EXPECT_EQ(text(web), R"(failed to fetch token: serviceaccounts "robot" not found)");
  EXPECT_THAT(told_, ElementsAre("web"));
  for (int i = 0; i < 600; ++i) pass(seconds(1));
  EXPECT_GT(asked(), 600 / 12);
  EXPECT_LT(asked(), 600 / 10 + 6) << "each 10 s";
  EXPECT_THAT(told_, ElementsAre("web")) << "its volume has pauses of its own";
  refused_ = Error(Code::ServiceUnavailable, "away");
  pass(seconds(10));
  EXPECT_EQ(text(web), "failed to fetch token: away") << "the newest reason";
  refused_.reset();
  pass(seconds(10));
  EXPECT_EQ(text(web), "web-1");
  EXPECT_THAT(told_, ElementsAre("web", "web"));
}

TEST_F(TokenManagerTest, TokensOfPodsThatAreGoneAreForgotten) {
  const Pod web = pod("web"), db = pod("db");
  tokens_.watch(web);
  tokens_.watch(db);
  executor_.run();
  tokens_.forget("web");
  EXPECT_EQ(tokens_.size(), 1u);
  EXPECT_FALSE(token(web).ok());
  EXPECT_TRUE(token(db).ok());
  Pod over = db;
  over.status.phase = "Succeeded";
  tokens_.watch(over);
  EXPECT_EQ(tokens_.size(), 0u) << "what is over needs none";
  pass(hours(1));
  EXPECT_EQ(asked(), 2) << "nothing is renewed for them";

  tokens_.watch(web);
  tokens_.forget("web");
  executor_.run();
  EXPECT_EQ(asked(), 2) << "it went before it was its turn";
}

TEST_F(TokenManagerTest, AnAnswerThatComesAfterItsPodHasGoneIsNothing) {
  const Pod web = pod("web");
  api_.answer("serviceaccounts/token", [&](const Object&, const Call&) -> Result<Object> {
    tokens_.forget("web");
    return Error(Code::Forbidden, "pod gone");
  });
  tokens_.watch(web);
  executor_.run();
  EXPECT_EQ(tokens_.size(), 0u);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(TokenManagerTest, AMachineThatSleptRenewsWithTheNextLook) {
  const Pod web = pod("web");
  tokens_.watch(web);
  executor_.run();
  clock_.slept = hours(2);
  pass(seconds(60));
  EXPECT_EQ(asked(), 1) << "the alarm's clock stood still";
  EXPECT_EQ(text(web), "web-1");
  executor_.run();
  EXPECT_EQ(text(web), "web-2");
}

TEST_F(TokenManagerTest, TokensThatAreOldWhenTheyComeAreNotAskedForAllTheTime) {
  api_.answer("serviceaccounts/token", [&](const Object& sent, const Call&) {
    TokenRequest out = *sent.as<TokenRequest>();
    out.status.token = "old";
    out.status.expirationTimestamp = codec::Time::from(clock_.wall() - hours(1));
    return Object::of(out);
  });
  const Pod web = pod("web");
  tokens_.watch(web);
  executor_.run();
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(text(web), "old") << "the API server's clock may be right, and ours wrong";
    pass(seconds(1));
  }
  EXPECT_LE(asked(), 11);
  EXPECT_GE(asked(), 10);
}

TEST_F(TokenManagerTest, APodHasABoundOfTokens) {
  std::vector<std::string> audiences;
  for (size_t i = 0; i < TokenManager::kTokensOfPodMax + 5; ++i) audiences.push_back(fmt::format("{:03}", i));
  const Pod web = pod("web", audiences);
  tokens_.watch(web);
  executor_.run();
  EXPECT_EQ(tokens_.size(), TokenManager::kTokensOfPodMax);
  EXPECT_TRUE(tokens_.ready("web"));
  EXPECT_TRUE(token(web).ok());
  EXPECT_EQ(tokens_.token(*token_wishes(web).rbegin()).error().message(),
            "failed to fetch token: this node keeps no such token of the pod (256 at most)");
}

TEST_F(TokenManagerTest, AFullExecutorIsAskedAgain) {
  executor_.full = true;
  tokens_.watch(pod("web"));
  EXPECT_FALSE(tokens_.ready("web"));
  executor_.full = false;
  pass(milliseconds(100));
  EXPECT_TRUE(tokens_.ready("web"));
}

TEST_F(TokenManagerTest, StopEndsACallThatHangs) {
  ThreadPool pool{real_clock(), {.name = "calls"}};
  std::atomic<int> hanging = 0;
  api_.answer("serviceaccounts/token", [&](const Object&, const Call& call) -> Result<Object> {
    ++hanging;
    (void)call.stop.wait_until(Deadline::after(seconds(20), real_clock()));
    return Error(Code::Cancelled, "stopped");
  });
  {
    TokenManager tokens(
        {api_, pool, alarms_, clock_, random_, [&](const std::string& uid) { told_.push_back(uid); }});
    tokens.watch(pod("web"));
    EXPECT_TRUE(client::testing::soon([&] { return hanging > 0; }));
    const auto before = real_clock().monotonic();
    tokens.stop();
    EXPECT_LT(real_clock().monotonic() - before, seconds(10));
  }
  pool.stop();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace mizzen::kubelet
