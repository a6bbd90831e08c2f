#include "kubelet/groups/qos_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "kubelet/testing/pod_of.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Pod> pod_asking(const std::string& resources, const std::string& phase = "Running") {
  auto pod = testing::pod_of(
      R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i","resources":)" + resources +
      "}]}}");
  pod.status.phase = phase;
  return std::make_shared<const Pod>(std::move(pod));
}

TEST(QosGroups, BurstableGetsWhatItsPodsAskForAndBestEffortTheLeast) {
  const auto limits =
      qos_limits({pod_asking(R"({"requests":{"cpu":"500m"}})"), pod_asking(R"({"requests":{"cpu":"1"}})"),
                  pod_asking(R"({"requests":{"cpu":"4"}})", "Succeeded"), pod_asking("{}"),
                  pod_asking(R"({"limits":{"cpu":"2","memory":"1Gi"}})")},
                 {.cpus = 4, .memory_bytes = 8ll << 30, .pids = 4000});
  EXPECT_EQ(limits.burstable.cpu_shares, 1536u);
  EXPECT_EQ(limits.best_effort.cpu_shares, 2u);
  EXPECT_EQ(limits.all.cpu_shares, 4096u);
  EXPECT_EQ(limits.all.memory_limit_bytes, 8ll << 30);
  EXPECT_EQ(limits.all.pids_max, 4000);
  EXPECT_FALSE(limits.burstable.memory_limit_bytes);
}

TEST(QosGroups, AreWrittenWhenTheyChange) {
  linux::ScratchFolder scratch;
  linux::MountEntry mount;
  mount.type = "cgroup2";
  mount.mount_point = scratch.at("g");
  const auto groups = linux::Cgroups::from_mounts({mount});
  ASSERT_TRUE(groups.ok());
  const auto file = [&](const std::string& name) { return scratch.at("g/") + name; };
  testing::RecordedEvents events;
  QosGroups qos(*groups, "/kubepods", {.cpus = 2, .memory_bytes = 1 << 30}, events);
  qos.update({});
  qos.update({});
  EXPECT_THAT(events.all(), ElementsAre("node FailedNodeAllocatableEnforcement"))
      << "the kernel has no such files";
  for (const char* group : {"", "/kubepods", "/kubepods/burstable", "/kubepods/besteffort"}) {
    ASSERT_TRUE(make_folders(file(group), 0755).ok());
    for (const char* control : {"/cgroup.subtree_control", "/cpu.weight", "/memory.max"})
      ASSERT_TRUE(write_file(file(group) + control, "", 0644).ok());
  }
  qos.update({});
  EXPECT_THAT(events.all(),
              ElementsAre("node FailedNodeAllocatableEnforcement", "node NodeAllocatableEnforced"));
  const auto weight = [&](const std::string& group) { return *read_file(file(group) + "/cpu.weight"); };
  EXPECT_EQ(weight("/kubepods/besteffort"), "1");
  EXPECT_EQ(weight("/kubepods/burstable"), "1");
  EXPECT_EQ(*read_file(file("/kubepods/memory.max")), "1073741824");
  qos.update({pod_asking(R"({"requests":{"cpu":"1"}})")});
  EXPECT_EQ(weight("/kubepods/burstable"), "39");
  ASSERT_TRUE(write_file(file("/kubepods/burstable/cpu.weight"), "by hand", 0644).ok());
  qos.update({pod_asking(R"({"requests":{"cpu":"1"}})")});
  EXPECT_EQ(weight("/kubepods/burstable"), "by hand") << "nothing is written that did not change";
}

}  // namespace
}  // namespace mizzen::kubelet
