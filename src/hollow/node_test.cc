#include "hollow/node.h"

#include <gtest/gtest.h>

#include "client/node/conditions.h"
#include "client/testing/fake_api.h"
#include "client/testing/scripted_api.h"

namespace mizzen::hollow {
namespace {

using api::coordination::v1::Lease;
using client::testing::soon;
using std::chrono::minutes;
using std::chrono::seconds;
using Calls = std::map<std::string, int>;

/// One node by hand: the test is its fleet, and time passes when it says so.
class NodeTest : public client::testing::ClientTest, protected Node::Listener {
 protected:
  void TearDown() override { node_.stop(); }  // while this is still what it calls
  void beat_now(uint32_t) override { ++beats_wanted_; }
  void look(uint32_t, const std::string& pod) override {
    Lock lock(m_);
    looks_.push_back(pod);
  }
  void settled(uint32_t number) override { settled_ = number; }

  /// Beats once; the calls it made. Watches begin when they begin: they are none of it.
  Calls beat() {
    fake_.forget_calls();
    outcome_ = node_.beat();
    Calls out = fake_.calls();
    std::erase_if(out, [](const auto& call) { return call.first.starts_with("watch "); });
    return out;
  }
  /// Registered, known, and both watches open.
  void begin() {
    beat();
    ASSERT_TRUE(soon([&] { return settled_ == 7u && fake_.watches() == 2; }));
  }
  void write_ready(const std::string& status) {
    auto node = *client::get<NodeObject>(fake_, "", "n", {});
    NodeObject next = *node;
    for (auto& c : next.status.conditions)
      if (c.type == "Ready") c.status = status;
    ASSERT_TRUE(client::update_status(fake_, std::move(next), {}).ok());
  }
  bool is_ready() {
    const auto node = client::get<NodeObject>(fake_, "", "n", {});
    return node.ok() && client::says((*node)->status.conditions, "Ready");
  }

  ManualClock clock_;
  Random& random_ = secure_random();  // several threads ask it
  client::testing::FakeApi fake_;
  std::atomic<int> beats_wanted_ = 0;
  std::atomic<uint32_t> settled_ = 0;
  Mutex m_;
  std::vector<std::string> looks_ MZ_GUARDED_BY(m_);
  client::Outcome outcome_;
  Node node_{{fake_, {clock_, random_, executor_, timers_}, *this},
             7,
             {.name = "n", .address = "192.0.2.1"},
             {.host_ip = "192.0.2.1", .stage_min = seconds(1), .stage_max = seconds(3)},
             PodAddresses(*Ipv4Range::parse("10.200.0.0/16"), 7, 128)};
};

TEST_F(NodeTest, RegistersThenABeatIsOneRequest) {
  EXPECT_EQ(beat()["create nodes"], 1);
  EXPECT_TRUE(is_ready());
  ASSERT_TRUE(soon([&] { return settled_ == 7u; }));
  EXPECT_LE(outcome_.again_after, seconds(10));
  for (int i = 0; i < 5; ++i) {
    clock_.advance(outcome_.again_after);
    EXPECT_EQ(beat(), (Calls{{"update leases", 1}}));
    EXPECT_GE(outcome_.again_after, seconds(10));
    EXPECT_LE(outcome_.again_after, std::chrono::milliseconds(10'400));
  }
  EXPECT_EQ(
      (*client::get<Lease>(fake_, client::kNodeLeaseNamespace, "n", {}))->metadata.ownerReferences[0].uid,
      (*client::get<NodeObject>(fake_, "", "n", {}))->metadata.uid);
}

TEST_F(NodeTest, NothingIsAskedBeforeItIsDue) {
  begin();
  EXPECT_EQ(beat(), Calls());
  EXPECT_GT(outcome_.again_after, Duration());
}

TEST_F(NodeTest, ItsStatusIsReportedNowAndThen) {
  begin();
  clock_.advance(minutes(8));
  EXPECT_EQ(beat(), (Calls{{"get nodes", 1}, {"update nodes/status", 1}, {"update leases", 1}}));
}

TEST_F(NodeTest, OneThatIsSaidNotToBeReadySaysThatItIs) {
  begin();
  const int wanted = beats_wanted_;
  write_ready("Unknown");
  ASSERT_TRUE(soon([&] { return beats_wanted_ > wanted; }));
  EXPECT_EQ(beat(), (Calls{{"get nodes", 1}, {"update nodes/status", 1}}));
  EXPECT_TRUE(is_ready());
}

TEST_F(NodeTest, OneThatWasDeletedRegistersAgain) {
  begin();
  const int wanted = beats_wanted_;
  ASSERT_TRUE(client::remove<NodeObject>(fake_, "", "n", {}, {}).ok());
  ASSERT_TRUE(soon([&] { return beats_wanted_ > wanted; }));
  EXPECT_EQ(beat(), (Calls{{"create nodes", 1}}));
  EXPECT_TRUE(is_ready());
}

TEST_F(NodeTest, OneThatIsThereFromALifeBeforeIsReported) {
  NodeObject before;
  before.metadata.name = "n";
  ASSERT_TRUE(client::create(fake_, std::move(before), {}).ok());
  EXPECT_EQ(beat()["update nodes/status"], 1);
  EXPECT_TRUE(is_ready());
}

TEST_F(NodeTest, AnApiThatIsAwayIsAskedOnceAndThenAfterAPause) {
  begin();
  clock_.advance(outcome_.again_after);
  fake_.set_down(true);
  EXPECT_EQ(beat(), (Calls{{"update leases", 1}}));
  EXPECT_GE(outcome_.again_after, seconds(1));
  EXPECT_LE(outcome_.again_after, seconds(3));
  for (int i = 0; i < 4; ++i) beat();
  EXPECT_GE(outcome_.again_after, seconds(5));
  fake_.set_down(false);
  EXPECT_EQ(beat(), (Calls{{"get leases", 1}, {"update leases", 1}}));
}

TEST_F(NodeTest, APodLivesAndGoes) {
  begin();
  Pod pod;
  pod.metadata.name = "p";
  pod.metadata.namespace_ = "default";
  pod.spec.nodeName = "n";
  pod.spec.restartPolicy = "Always";
  pod.spec.containers.emplace_back().name = "c";
  ASSERT_TRUE(client::create(fake_, pod, {}).ok());
  const auto look_told = [&](size_t times) {
    return soon([&] {
      Lock lock(m_);
      return looks_ == std::vector<std::string>(times, "default/p");
    });
  };
  ASSERT_TRUE(look_told(1));
  clock_.advance(node_.look_after("default/p").again_after);
  fake_.forget_calls();
  EXPECT_EQ(node_.look_after("default/p").again_after, Duration());
  EXPECT_EQ(fake_.calls(), (Calls{{"update pods/status", 1}}));
  ASSERT_TRUE(look_told(2));
  EXPECT_EQ(node_.look_after("default/p").again_after, Duration());
  Pod going = **client::get<Pod>(fake_, "default", "p", {});
  EXPECT_EQ(going.status.podIP, "10.200.3.129");
  going.metadata.deletionTimestamp = codec::Time::from(clock_.wall());
  going.metadata.deletionGracePeriodSeconds = 30;
  ASSERT_TRUE(client::update(fake_, std::move(going), {}).ok());
  ASSERT_TRUE(look_told(3));
  clock_.advance(node_.look_after("default/p").again_after);
  node_.look_after("default/p");
  ASSERT_TRUE(look_told(4));
  fake_.forget_calls();
  node_.look_after("default/p");
  EXPECT_EQ(fake_.calls(), (Calls{{"remove pods", 1}}));
  EXPECT_TRUE(soon([&] { return node_.pods() == 0; }));
}

}  // namespace
}  // namespace mizzen::hollow
