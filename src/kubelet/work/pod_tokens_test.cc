// Service account tokens in the volumes of pods, from the API's answer to the file.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "api/schema/authentication/v1/token_request.h"
#include "base/file.h"
#include "kubelet/testing/test_node.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using api::authentication::v1::TokenRequest;
using api::core::v1::ConfigMap;
using client::Call;
using client::Object;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestNode;

/// As admission makes it of every pod.
constexpr const char* kPod = R"({"metadata":{"name":"web"},"spec":{"serviceAccountName":"robot",
    "volumes":[{"name":"kube-api-access-x","projected":{"defaultMode":420,"sources":[
      {"serviceAccountToken":{"path":"token","expirationSeconds":3600}},
      {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
      {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}]}}],
    "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
      "volumeMounts":[{"name":"kube-api-access-x","mountPath":"/token","readOnly":true}]}]}})";
/// A token is asked for anew that late at the earliest, and at the latest.
constexpr auto kRenewedFrom = seconds(2880) - seconds(10), kRenewedBy = seconds(2880);
constexpr const char* kCall = "create serviceaccounts/token";

/// A node whose API issues t1, t2 ... of an hour.
class PodTokens : public ::testing::Test {
 protected:
  PodTokens() {
    node_.runtime.add_image("nginx:latest");
    node_.api.answer("serviceaccounts/token", [this](const Object& sent, const Call& call) {
      return answer(*sent.as<TokenRequest>(), call);
    });
    ConfigMap ca;
    ca.metadata.namespace_ = "default";
    ca.metadata.name = "kube-root-ca.crt";
    ca.data.set("ca.crt", "authority");
    EXPECT_TRUE(client::create<ConfigMap>(node_.api, ca, {}).ok());
  }
  void SetUp() override {
    if (!linux::is_root()) GTEST_SKIP() << "needs root";
  }
  ~PodTokens() override { hangs_.stop(); }

  Result<Object> answer(TokenRequest request, const Call& call) {
    if (hang_) {
      StopSource released;  // by whichever comes first
      const auto by_test = hangs_.token().on_stop([&] { released.stop(); });
      const auto by_agent = call.stop.on_stop([&] { released.stop(); });
      (void)released.token().wait_until(Deadline::after(seconds(20), real_clock()));
    }
    if (refuse_) return Error(Code::Forbidden, "not yet");
    request.status.token = fmt::format("t{}", ++issued_);
    request.status.expirationTimestamp =
        codec::Time::from(node_.clock.wall() + whole_seconds(*request.spec.expirationSeconds));
    return Object::of(request);
  }
  std::string file(const std::string& name = "token") {
    const auto text = read_file(node_.volumes().pod_folder(node_.uid_of("web")) +
                                "/volumes/kubernetes.io~projected/kube-api-access-x/" + name);
    return text.ok() ? *text : "absent";
  }
  bool shows(const std::string& token) {
    return node_.eventually([&] { return file() == token; });
  }
  bool told(const std::string& why) {
    return node_.eventually([&] {
      const auto all = node_.events.all();
      return std::any_of(all.begin(), all.end(), [&](const auto& e) {
        return e == "FailedMount: MountVolume.SetUp failed for volume \"kube-api-access-x\" : " + why;
      });
    });
  }
  int asked() { return node_.api.calls()[kCall]; }
  size_t restarts() { return node_.stored("web").status.containerStatuses.at(0).restartCount; }

  std::atomic<int> issued_ = 0;
  std::atomic<bool> refuse_ = false, hang_ = false;
  StopSource hangs_;  ///< ends what hangs
  TestNode node_;
};

TEST_F(PodTokens, AreInTheVolumeAndRenewedWhileThePodRuns) {
  node_.add(kPod);
  ASSERT_TRUE(node_.reaches("web", "Running"));
  EXPECT_EQ(file(), "t1");
  EXPECT_EQ(file("ca.crt"), "authority");
  EXPECT_EQ(file("namespace"), "default");
  EXPECT_EQ(asked(), 1);
  const auto container = node_.runtime.container_id("a");
  for (int i = 1; i <= 3; ++i) {
    node_.clock.advance(kRenewedFrom - seconds(1));
    node_.settle();
    EXPECT_EQ(file(), fmt::format("t{}", i));
    EXPECT_EQ(asked(), i);
    node_.clock.advance(kRenewedBy - kRenewedFrom + seconds(1));
    EXPECT_TRUE(shows(fmt::format("t{}", i + 1))) << "woken by the token's time";
    EXPECT_EQ(asked(), i + 1);
  }
  EXPECT_EQ(node_.runtime.container_id("a"), container);
  EXPECT_EQ(restarts(), 0u);
  EXPECT_THAT(node_.events.all(), Not(Contains(StartsWith("FailedMount"))));
}

TEST_F(PodTokens, ThatCannotBeHadAreWaitedForWithAnEvent) {
  refuse_ = true;
  node_.add(kPod);
  EXPECT_TRUE(told("failed to fetch token: not yet"));
  node_.settle();
  EXPECT_EQ(node_.phase_of("web"), "Pending");
  EXPECT_EQ(node_.runtime.count("RunPodSandbox"), 0u);
  refuse_ = false;
  node_.clock.advance(seconds(1));  // the first pause is half of that, and a half more
  EXPECT_TRUE(node_.reaches("web", "Running"));
  EXPECT_EQ(file(), "t1");
}

TEST_F(PodTokens, AreAskedForTogetherWithThePodsOtherObjectsAndHoldUpNobodyElse) {
  hang_ = true;
  node_.add(kPod);
  EXPECT_TRUE(node_.eventually([&] { return asked() == 1 && node_.api.watches() == 1; }));
  node_.add(
      R"({"metadata":{"name":"other"},"spec":{"containers":[{"name":"b","image":"nginx","imagePullPolicy":"Never"}]}})");
  EXPECT_TRUE(node_.reaches("other", "Running"));
  EXPECT_EQ(node_.phase_of("web"), "Pending");
  node_.clock.advance(seconds(2));
  EXPECT_TRUE(told("failed to fetch token: the API server has not answered yet"));
  EXPECT_EQ(asked(), 1);
  hangs_.stop();
  EXPECT_TRUE(node_.reaches("web", "Running")) << "without the clock moving";
  EXPECT_EQ(asked(), 1);
}

TEST_F(PodTokens, StayWhenTheAgentStartsAnewAndTheApiRefuses) {
  node_.add(kPod);
  ASSERT_TRUE(node_.reaches("web", "Running"));
  const auto container = node_.runtime.container_id("a");
  refuse_ = true;
  node_.restart();
  EXPECT_TRUE(told("failed to fetch token: not yet"));
  node_.settle();
  EXPECT_EQ(file(), "t1");
  EXPECT_EQ(node_.runtime.container_id("a"), container);
  EXPECT_EQ(node_.phase_of("web"), "Running");
  refuse_ = false;
  node_.clock.advance(seconds(1));
  EXPECT_TRUE(shows("t2"));
  EXPECT_EQ(restarts(), 0u);
}

TEST_F(PodTokens, OfPodsThatAreGoneOrOverAreNotRenewed) {
  node_.add(kPod);
  ASSERT_TRUE(node_.reaches("web", "Running"));
  const std::string uid = node_.uid_of("web");
  node_.remove("web", 1);
  ASSERT_TRUE(node_.eventually([&] { return node_.uid_of("web").empty(); }));
  node_.workers().gone(uid);
  ASSERT_TRUE(node_.eventually([&] { return !node_.workers().knows(uid); }));
  node_.clock.advance(kRenewedBy);
  node_.settle();
  EXPECT_EQ(asked(), 1);
}

}  // namespace
}  // namespace mizzen::kubelet
