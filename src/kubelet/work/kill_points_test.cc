// The agent dies with each change that it makes to the runtime, one run for each, and starts again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using testing::TestNode;

constexpr uint64_t kPointsMax = 60;

const char* kPod = R"({"metadata":{"name":"web"},"spec":{
    "initContainers":[{"name":"init","image":"nginx","imagePullPolicy":"Never"},
      {"name":"side","image":"nginx","imagePullPolicy":"Never","restartPolicy":"Always"}],
    "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"},
      {"name":"b","image":"nginx","imagePullPolicy":"Never"}]}})";

std::map<std::string, int> running(TestNode& node) {
  std::map<std::string, int> out;
  for (const auto& c : node.runtime.containers())
    if (c.state == cri::v1::ContainerState::CONTAINER_RUNNING) ++out[c.metadata->name];
  return out;
}

/// Ends the init container whenever it runs, as its program would.
void let_init_end(TestNode& node) {
  for (const auto& c : node.runtime.containers())
    if (c.metadata->name == "init" && c.state == cri::v1::ContainerState::CONTAINER_RUNNING)
      node.runtime.exit_container(c.id, 0);
}

const std::map<std::string, int> kAll{{"a", 1}, {"b", 1}, {"side", 1}};

/// Drives until the condition holds; where the agent dies meanwhile, it starts again, once. True where it did
/// hold in the end.
bool survive(TestNode& node, bool& died, const std::function<bool()>& condition) {
  return node.eventually([&] {
    let_init_end(node);
    if (node.runtime.is_dead()) {
      died = true;
      node.runtime.revive();
      node.restart();
    }
    node.clock.advance(std::chrono::milliseconds(200));
    return condition();
  });
}

TEST(KillPoints, NoneIsLostNoneIsStartedTwiceNothingIsLeft) {
  uint64_t points = 0;
  for (uint64_t n = 1; n <= kPointsMax; ++n) {
    SCOPED_TRACE(fmt::format("dies with change {}", n));
    TestNode node;
    node.runtime.add_image("nginx:latest");
    node.runtime.die_with_change(n);
    bool died = false;
    const std::string uid = node.add(kPod)->metadata.uid;
    ASSERT_TRUE(
        survive(node, died, [&] { return running(node) == kAll && node.phase_of("web") == "Running"; }));
    EXPECT_EQ(node.runtime.sandboxes().size(), 1u);
    const auto status = node.stored("web").status;
    for (const auto* list : {&status.containerStatuses, &status.initContainerStatuses})
      for (const auto& c : *list) EXPECT_EQ(c.restartCount, 0) << c.name;
    // Another life finds it as it is, and leaves it alone.
    const auto before = node.runtime.changes();
    if (!died) {
      node.restart();
      node.settle(10);
      EXPECT_EQ(node.runtime.changes(), before);
    }
    node.remove("web", 1);
    ASSERT_TRUE(survive(node, died, [&] { return node.stored("web").metadata.name.empty(); }));
    node.workers().gone(uid);
    ASSERT_TRUE(survive(node, died, [&] {
      // A source that lost the pod while the agent was dead says nothing of it: the agent finds it itself.
      if (node.cache().is_ready())
        for (const auto& name : node.cache().pods())
          if (!node.workers().knows(name.uid)) node.workers().remove_orphan(name);
      return node.runtime.sandboxes().empty() && !node.workers().knows(uid);
    }));
    EXPECT_TRUE(node.runtime.containers().empty());
    if (!died) break;  // past the last change
    points = n;
  }
  EXPECT_GE(points, 12u) << "the scenario has become shorter";
  EXPECT_LT(points, kPointsMax) << "not every point was tried";
}

TEST(KillPoints, ARunningContainerIsNeverStartedAgain) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  bool died = false;
  node.add(kPod);
  ASSERT_TRUE(
      survive(node, died, [&] { return running(node) == kAll && node.phase_of("web") == "Running"; }));
  const auto ids = [&] {
    std::vector<std::string> out;
    for (const auto& c : node.runtime.containers()) out.push_back(c.id);
    std::sort(out.begin(), out.end());
    return out;
  };
  const auto before = ids();
  for (int i = 0; i < 5; ++i) {
    node.restart();
    node.clock.advance(seconds(70));
    node.settle(8);
    ASSERT_EQ(ids(), before) << "life " << i;
  }
  for (const auto& c : node.stored("web").status.containerStatuses) EXPECT_EQ(c.restartCount, 0);
}

}  // namespace
}  // namespace mizzen::kubelet
