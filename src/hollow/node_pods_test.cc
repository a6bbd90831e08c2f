#include "hollow/node_pods.h"

#include <gtest/gtest.h>

#include "client/informer/informer.h"
#include "client/testing/scripted_api.h"

namespace mizzen::hollow {
namespace {

using std::chrono::seconds;

/// The pods of one node that has seven addresses; the test is its watch and its workers.
class NodePodsTest : public client::testing::ClientTest {
 protected:
  NodePodsTest() { pods_.listed({}); }
  NodePods make() {
    return NodePods({clock_, random_, executor_, timers_},
                    {.host_ip = "192.0.2.1", .stage_min = seconds(1), .stage_max = seconds(3)},
                    PodAddresses(*Ipv4Range::parse("10.200.0.0/16"), 2, 8));
  }
  static Pod pod(const std::string& name) {
    Pod out;
    out.metadata.name = name;
    out.metadata.namespace_ = "default";
    out.metadata.uid = "uid-of-" + name;
    out.spec.restartPolicy = "Always";
    out.spec.containers.emplace_back().name = "c";
    out.status.phase = "Pending";
    return out;
  }
  static std::string key(const Pod& pod) { return client::key_of(pod.metadata); }
  void see(NodePods& pods, const Pod& pod) { pods.see(key(pod), std::make_shared<const Pod>(pod)); }
  /// Looks until the pod has been reported; its state then, as the watch shows it.
  Pod run(NodePods& pods, Pod pod) {
    see(pods, pod);
    for (int i = 0; i < 3; ++i) {
      const auto [seen, step] = pods.next(key(pod));
      if (step.kind == Step::Kind::Report) {
        pod.status = step.status;
        see(pods, pod);
        return pod;
      }
      clock_.advance(step.again);
    }
    ADD_FAILURE() << "is never reported";
    return pod;
  }

  ManualClock clock_;
  Random& random_ = secure_random();  // several threads ask it
  NodePods pods_ = make();
};

TEST_F(NodePodsTest, EachHasItsOwnAddressUntilItIsGone) {
  std::set<std::string> addresses;
  for (int i = 0; i < 7; ++i) {
    const Pod running = run(pods_, pod(std::to_string(i)));
    EXPECT_EQ(running.status.phase, "Running");
    EXPECT_TRUE(addresses.insert(running.status.podIP).second) << running.status.podIP;
  }
  see(pods_, pod("late"));
  clock_.advance(seconds(3));
  EXPECT_EQ(pods_.next("default/late").step.kind, Step::Kind::Wait);
  EXPECT_EQ(pods_.next("default/late").step.again, seconds(1)) << "until an address is free";
  pods_.forget("default/3", pod("3"));
  EXPECT_TRUE(addresses.contains(run(pods_, pod("late")).status.podIP));
  EXPECT_EQ(pods_.size(), 7u);
}

TEST_F(NodePodsTest, APodThatHasEndedGivesItsAddressBack) {
  for (int i = 0; i < 50; ++i) {
    Pod one = run(pods_, pod(std::to_string(i)));
    EXPECT_EQ(one.status.phase, "Running");
    one.status.phase = "Succeeded";
    see(pods_, one);
  }
}

TEST_F(NodePodsTest, APodOnTheNodesNetworkNeedsNone) {
  for (int i = 0; i < 10; ++i) {
    Pod one = pod(std::to_string(i));
    one.spec.hostNetwork = true;
    EXPECT_EQ(run(pods_, one).status.podIP, "192.0.2.1");
  }
}

TEST_F(NodePodsTest, WhatStandsStillIsNotKept) {
  const Pod running = run(pods_, pod("a"));
  EXPECT_TRUE(pods_.next("default/a").pod);
  EXPECT_FALSE(pods_.next("default/a").pod) << "it was decided that nothing is to be done";
  Pod ending = running;
  ending.metadata.deletionTimestamp = codec::Time::from(clock_.wall());
  ending.metadata.deletionGracePeriodSeconds = 30;
  see(pods_, ending);
  EXPECT_GT(pods_.next("default/a").step.again, Duration()) << "its stop has begun";
}

// A node that is started again gives nobody an address before it knows who has which.
TEST_F(NodePodsTest, AddressesOfALifeBeforeStayWithTheirPods) {
  const Pod old = run(pods_, pod("old"));
  NodePods again = make();
  see(again, pod("new"));
  EXPECT_EQ(again.next("default/new").step.kind, Step::Kind::Wait);
  see(again, old);
  EXPECT_EQ(again.listed({"uid-of-new", "uid-of-old"}),
            (std::vector<std::string>{"default/new", "default/old"}));
  EXPECT_NE(run(again, pod("new")).status.podIP, old.status.podIP);
}

TEST_F(NodePodsTest, WhatAListDoesNotHaveIsForgotten) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(pods_.listed({}), std::vector<std::string>());
    EXPECT_EQ(pods_.size(), 0u);
    run(pods_, pod("a"));
  }
}

TEST_F(NodePodsTest, AnotherPodOfTheSameNameHasALifeOfItsOwn) {
  run(pods_, pod("a"));
  Pod next = pod("a");
  next.metadata.uid = "another";
  see(pods_, next);
  EXPECT_GT(pods_.next("default/a").step.again, Duration()) << "it starts";
  pods_.forget("default/a", pod("a"));
  EXPECT_EQ(pods_.size(), 1u) << "a late word of the first";
}

TEST_F(NodePodsTest, FailuresPauseLongerUntilSomethingIsSeen) {
  see(pods_, pod("a"));
  for (int i = 0; i < 10; ++i) EXPECT_LE(pods_.failed("default/a"), seconds(15));
  EXPECT_GE(pods_.failed("default/a"), seconds(5));
  see(pods_, pod("a"));
  EXPECT_LE(pods_.failed("default/a"), seconds(3));
  EXPECT_EQ(pods_.failed("default/gone"), Duration());
}

}  // namespace
}  // namespace mizzen::hollow
