#include "kubelet/eviction/eviction_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "kubelet/testing/fake_gauges.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using testing::FakeGauges;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestNode;

class Eviction : public ::testing::Test {
 protected:
  Eviction() {
    node.runtime.add_image("nginx:latest");
    memory_left(500);
    disk_left(500);
  }
  ~Eviction() override {
    manager.stop();
    looks.stop();
  }
  void memory_left(uint64_t bytes) {
    gauges.set([&](FakeGauges::Machine& m) {
      m.use.memory_bytes = 1000;
      m.use.memory_free_bytes = bytes;
    });
  }
  void disk_left(uint64_t bytes) {
    gauges.set([&](FakeGauges::Machine& m) {
      m.disks["/data"] = {.bytes = 1000, .available_bytes = bytes, .files = 1000, .available_files = 900};
    });
  }
  void add(const std::string& name, const std::string& spec = "", const std::string& volume = "") {
    node.add(R"({"metadata":{"name":")" + name + R"("},"spec":{"volumes":[{"name":"d","emptyDir":{)" +
             volume +
             R"(}}],"containers":[{"name":"c","image":"nginx","imagePullPolicy":"Never",
                 "volumeMounts":[{"name":"d","mountPath":"/d"}]}])" +
             spec + "}}");
    ASSERT_TRUE(node.reaches(name, "Running"));
  }
  void uses_memory(const std::string& name, uint64_t bytes) {
    const std::string group = "/kubepods/besteffort/pod" + node.uid_of(name);
    gauges.set([&](FakeGauges::Machine& m) {
      m.groups[group] = {.memory_bytes = bytes, .working_set_bytes = bytes};
    });
  }
  /// Ten seconds of a node's life.
  void round() {
    stats.tick();
    manager.tick();
    for (int i = 0; i < 10; ++i) {
      node.settle(2);
      node.clock.advance(seconds(1));
      alarms.tick();
    }
  }
  std::string ended(const std::string& name) {
    const auto status = node.stored(name).status;
    return status.reason.empty() ? status.phase : status.phase + " " + status.reason + ": " + status.message;
  }

  TestNode node;
  FakeGauges gauges;
  ThreadPool pool{real_clock(), {.name = "evictions"}};
  Alarms alarms{node.clock, [] {}};
  DiskLooks looks{{pool, alarms, node.clock, seconds(5)}};
  StatsManager stats{
      {gauges, node.runtime, node.cache(), looks, node.clock, [this] { return node.workers().pods(); },
       [this](const std::string& uid) { return node.volumes().pod_folder(uid); }},
      {"n1", "/data", node.scratch.at("logs"), "/kubepods"}};
  std::atomic<int> given_back = 0;
  std::function<void()> on_give_back = [] {};
  EvictionManager manager{{stats, node.workers(), node.cache(), node.events, pool, alarms, node.clock,
                           [this](const std::function<void()>& done) {
                             ++given_back;
                             on_give_back();
                             done();
                           }},
                          *parse_eviction({.hard = "memory.available<100,nodefs.available<10%"})};
};

TEST_F(Eviction, OneAfterTheOtherGoesUntilThereIsEnough) {
  add("small");
  add("large");
  add("critical", R"(,"priority":2000000000)");
  uses_memory("small", 10);
  uses_memory("large", 30);
  uses_memory("critical", 400);
  round();
  EXPECT_FALSE(manager.pressures().any());
  memory_left(99);
  manager.tick();
  ASSERT_TRUE(node.reaches("large", "Failed"));
  EXPECT_EQ(ended("large"),
            "Failed Evicted: The node was low on resource: memory. Threshold quantity: 100, available: 99. ");
  EXPECT_EQ(node.phase_of("small"), "Running") << "one at a time";
  const auto conditions = node.stored("large").status.conditions;
  const auto told = std::find_if(conditions.begin(), conditions.end(),
                                 [](const auto& c) { return c.type == "DisruptionTarget"; });
  ASSERT_NE(told, conditions.end());
  EXPECT_EQ(told->status + " " + told->reason, "True TerminationByKubelet");
  EXPECT_THAT(node.events.all(), Contains("node EvictionThresholdMet"));
  EXPECT_THAT(node.events.all(), Contains(HasSubstr("Evicted: The node was low on resource: memory. ")));
  EXPECT_TRUE(manager.pressures().memory);
  EXPECT_EQ(given_back, 0) << "images are no memory";
  for (int i = 0; i < 4; ++i) round();
  EXPECT_EQ(node.phase_of("small"), "Failed");
  EXPECT_EQ(node.phase_of("critical"), "Running");
}

TEST_F(Eviction, ThereIsEnoughAgainSoNobodyElseGoes) {
  add("one");
  add("two");
  uses_memory("one", 50);
  uses_memory("two", 10);
  memory_left(50);
  manager.tick();
  ASSERT_TRUE(node.reaches("one", "Failed"));
  memory_left(200);
  for (int i = 0; i < 3; ++i) round();
  EXPECT_EQ(node.phase_of("two"), "Running");
  EXPECT_TRUE(manager.pressures().memory) << "not gone as soon as its cause";
  node.clock.advance(minutes(5));
  round();
  EXPECT_FALSE(manager.pressures().any());
}

TEST_F(Eviction, WhatNobodyNeedsGoesBeforePods) {
  add("web");
  disk_left(50);
  on_give_back = [&] { disk_left(300); };
  round();
  EXPECT_EQ(given_back, 1);
  EXPECT_TRUE(manager.pressures().disk);
  EXPECT_EQ(node.phase_of("web"), "Running");
  disk_left(50);
  on_give_back = [] {};
  round();
  ASSERT_TRUE(node.reaches("web", "Failed"));
  EXPECT_THAT(ended("web"), HasSubstr("Evicted: The node was low on resource: ephemeral-storage. "));
}

TEST_F(Eviction, APodThatStoresMoreThanItMayGoes) {
  add("modest", "", R"("sizeLimit":"1Mi")");
  add("greedy", "", R"("sizeLimit":"1Mi")");
  const auto fill = [&](const std::string& name, size_t bytes) {
    ASSERT_TRUE(
        write_file(node.volumes().pod_folder(node.uid_of(name)) + "/volumes/kubernetes.io~empty-dir/d/file",
                   std::string(bytes, 'x'))
            .ok());
  };
  fill("modest", 1 << 19);
  fill("greedy", 1 << 21);
  for (int i = 0; i < 5 && node.phase_of("greedy") == "Running"; ++i) round();
  EXPECT_EQ(ended("greedy"), "Failed Evicted: Usage of EmptyDir volume \"d\" exceeds the limit \"1Mi\". ");
  EXPECT_EQ(node.phase_of("modest"), "Running");
  EXPECT_FALSE(manager.pressures().any());
  const auto conditions = node.stored("greedy").status.conditions;
  EXPECT_TRUE(std::none_of(conditions.begin(), conditions.end(), [](const auto& c) {
    return c.type == "DisruptionTarget";
  })) << "it goes for its own sake";
}

TEST_F(Eviction, ASoftThresholdLeavesPodsTheirTime) {
  EvictionConfig config = *parse_eviction(
      {.hard = "", .soft = "memory.available<100", .soft_grace_period = "memory.available=15s"});
  config.pod_grace_max_s = 7;
  EvictionManager soft{{stats, node.workers(), node.cache(), node.events, pool, alarms, node.clock,
                        [](const std::function<void()>& done) { done(); }},
                       config};
  add("web");
  uses_memory("web", 50);
  memory_left(50);
  node.runtime.hold("StopContainer");
  soft.tick();
  node.settle();
  EXPECT_TRUE(soft.pressures().memory);
  EXPECT_EQ(node.runtime.held("StopContainer"), 0u) << "before its grace period";
  node.clock.advance(seconds(15));
  soft.tick();
  EXPECT_TRUE(node.eventually([&] { return node.runtime.held("StopContainer") > 0; }));
  node.runtime.release("StopContainer");
  ASSERT_TRUE(node.reaches("web", "Failed"));
  soft.stop();
}

TEST_F(Eviction, AFullNodeRefusesPodsAndSaysSo) {
  disk_left(50);
  on_give_back = [] {};
  round();
  ASSERT_TRUE(manager.pressures().disk);
  node.abilities.with([&](NodeAbilities& a) { a.pressures = manager.pressures(); });
  node.add(R"({"metadata":{"name":"late"},"spec":{"containers":[{"name":"c","image":"nginx"}]}})");
  ASSERT_TRUE(node.reaches("late", "Failed"));
  EXPECT_EQ(ended("late"), "Failed Evicted: Pod was rejected: The node had condition: [DiskPressure]. ");
}

}  // namespace
}  // namespace mizzen::kubelet
