#include "kubelet/groups/orphaned_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;

TEST(OrphanedGroups, GoWhereNobodyKnowsThePod) {
  linux::ScratchFolder scratch;
  linux::MountEntry mount;
  mount.type = "cgroup2";
  mount.mount_point = scratch.at("groups");
  const auto groups = linux::Cgroups::from_mounts({mount});
  ASSERT_TRUE(groups.ok());
  for (const char* group : {"poda", "podb/c1", "burstable/podc", "besteffort/podd", "besteffort/other"})
    ASSERT_TRUE(make_folders(scratch.at("groups/kubepods/") + group, 0755).ok());
  const std::string held = scratch.at("groups/kubepods/podb/c1/cgroup.procs");
  ASSERT_TRUE(write_file(held, "4711\n", 0644).ok());
  std::vector<int> killed;
  const auto remove = [&] {
    return remove_orphaned_groups(
        *groups, "/kubepods", [](const std::string& uid) { return uid == "c"; },
        [&](int pid) { killed.push_back(pid); });
  };
  EXPECT_EQ(remove(), 2u);
  EXPECT_THAT(killed, ElementsAre(4711));
  EXPECT_THAT(groups->children("/kubepods"), ElementsAre("besteffort", "burstable", "podb"));
  EXPECT_THAT(groups->children("/kubepods/burstable"), ElementsAre("podc"));
  EXPECT_THAT(groups->children("/kubepods/besteffort"), ElementsAre("other"));
  ASSERT_TRUE(linux::remove_all(held).ok());  // it ended
  EXPECT_EQ(remove(), 1u);
  EXPECT_EQ(remove(), 0u);
}

TEST(OrphanedGroups, WhatTheRuntimeLostEndsWithItsPod) {
  linux::ScratchFolder scratch;
  linux::MountEntry mount;
  mount.type = "cgroup2";
  mount.mount_point = scratch.at("groups");
  const auto groups = linux::Cgroups::from_mounts({mount});
  ASSERT_TRUE(groups.ok());
  ASSERT_TRUE(make_folders(scratch.at("groups/kubepods/poda/c1"), 0755).ok());
  const std::string held = scratch.at("groups/kubepods/poda/c1/cgroup.procs");
  ASSERT_TRUE(write_file(held, "4711\n", 0644).ok());
  std::vector<int> killed;
  const auto remove = [&] {
    return remove_pod_group(*groups, "/kubepods/poda", [&](int pid) { killed.push_back(pid); });
  };
  EXPECT_FALSE(remove().ok());
  EXPECT_THAT(killed, ElementsAre(4711));
  ASSERT_TRUE(linux::remove_all(held).ok());  // it ended
  EXPECT_TRUE(remove().ok());
  EXPECT_FALSE(groups->exists("/kubepods/poda"));
  EXPECT_TRUE(remove().ok());
}

}  // namespace
}  // namespace mizzen::kubelet
