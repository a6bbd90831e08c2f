#include "linux/groups/cgroups.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "linux/files/system_info.h"
#include "linux/process/process.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

MountEntry mount(std::string type, std::string at, std::string super_options) {
  MountEntry m;
  m.type = std::move(type);
  m.mount_point = std::move(at);
  m.super_options = std::move(super_options);
  return m;
}

TEST(Cgroups, VersionIsSeenFromTheMounts) {
  auto v2 = Cgroups::from_mounts({mount("cgroup2", "/sys/fs/cgroup", "rw")});
  ASSERT_TRUE(v2.ok());
  EXPECT_TRUE(v2->unified());
  auto v1 = Cgroups::from_mounts(
      {mount("cgroup", "/c/cpu,cpuacct", "rw,cpu,cpuacct"), mount("cgroup", "/c/memory", "rw,memory")});
  ASSERT_TRUE(v1.ok());
  EXPECT_FALSE(v1->unified());
  EXPECT_FALSE(Cgroups::from_mounts({mount("cgroup", "/c/pids", "rw,pids")}).ok());
}

TEST(Cgroups, UseOfVersionTwoIsReadFromItsFiles) {
  ScratchFolder scratch;
  auto groups = Cgroups::from_mounts({mount("cgroup2", scratch.at(""), "rw")});
  ASSERT_TRUE(groups.ok());
  const std::string folder = scratch.at("kubepods");
  ASSERT_TRUE(make_folders(folder).ok());
  const auto put = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file(folder + "/" + name, text).ok());
  };
  put("memory.current", "1000\n");
  put("memory.max", "max\n");
  put("memory.stat", "anon 300\nfile 600\ninactive_file 400\npgfault 7\npgmajfault 2\n");
  put("memory.swap.current", "11\n");
  put("cpu.stat", "usage_usec 5\nuser_usec 3\n");
  put("pids.current", "9\n");
  const auto use = groups->use("/kubepods");
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->memory_bytes, 1000u);
  EXPECT_EQ(use->working_set_bytes, 600u);
  EXPECT_EQ(use->rss_bytes, 300u);
  EXPECT_EQ(use->page_faults, 7u);
  EXPECT_EQ(use->major_page_faults, 2u);
  EXPECT_EQ(use->memory_limit_bytes, std::nullopt);
  EXPECT_EQ(use->swap_bytes, 11u);
  EXPECT_EQ(use->cpu_ns, 5000u);
  EXPECT_EQ(use->threads, 9u);
}

TEST(Cgroups, WeightsFollowShares) {
  EXPECT_EQ(cpu_weight_of_shares(2), 1u);
  EXPECT_EQ(cpu_weight_of_shares(1024), 39u);
  EXPECT_EQ(cpu_weight_of_shares(262144), 10000u);
}

class CgroupsLive : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "needs root";
    auto found = Cgroups::detect();
    if (!found.ok()) GTEST_SKIP() << found.error().message();
    groups_ = std::move(*found);
  }
  void TearDown() override {
    if (groups_) EXPECT_TRUE(groups_->remove(root_).ok());
  }
  const std::string root_ = "/mizzen-test-" + std::to_string(::getpid());
  std::optional<Cgroups> groups_;
};

TEST_F(CgroupsLive, GroupIsMadeWithLimitsHoldsAProcessAndGoes) {
  const std::string group = root_ + "/burstable/pod1";
  ASSERT_TRUE(
      groups_->ensure(group, {.cpu_shares = 512, .cpu_quota_us = 50'000, .memory_limit_bytes = 64 << 20})
          .ok());
  ASSERT_TRUE(groups_->ensure(group, {}).ok());
  EXPECT_TRUE(groups_->exists(group));
  EXPECT_EQ(groups_->children(root_), std::vector<std::string>{"burstable"});
  if (!groups_->unified()) {
    EXPECT_EQ(*read_file("/sys/fs/cgroup/cpu" + group + "/cpu.cfs_quota_us"), "50000\n");
    EXPECT_EQ(*read_file("/sys/fs/cgroup/memory" + group + "/memory.limit_in_bytes"),
              std::to_string(64 << 20) + "\n");
    const std::string enter =
        "for c in cpu memory cpuset; do echo $$ > /sys/fs/cgroup/$c" + group + "/cgroup.procs; done; ";
    auto inside = Process::spawn({.argv = {"sh", "-c", enter + "exec sleep 60"}});
    ASSERT_TRUE(inside.ok());
    for (int i = 0; i < 200 && groups_->processes(root_).empty(); ++i) ::usleep(10'000);
    EXPECT_EQ(groups_->processes(root_), std::vector<int>{inside->pid()});
    auto use = groups_->use(group);
    // Its own memory comes with the program that it becomes.
    for (int i = 0; i < 200 && use.ok() && use->working_set_bytes.value_or(0) == 0; ++i) {
      ::usleep(10'000);
      use = groups_->use(group);
    }
    ASSERT_TRUE(use.ok()) << use.error().message();
    EXPECT_GT(use->memory_bytes.value_or(0), 0u);
    EXPECT_GT(use->working_set_bytes.value_or(0), 0u);
    EXPECT_LE(*use->working_set_bytes, *use->memory_bytes);
    EXPECT_EQ(use->memory_limit_bytes.value_or(0), 64u << 20);
    EXPECT_TRUE(use->page_faults.has_value());
    EXPECT_TRUE(use->cpu_ns.has_value());
    EXPECT_EQ(groups_->remove(group).error().code(), Code::Conflict);
    ASSERT_TRUE(inside->terminate(std::chrono::seconds(5), real_clock()).ok());
  }
  ASSERT_TRUE(groups_->remove(group).ok());
  EXPECT_FALSE(groups_->exists(group));
  EXPECT_EQ(groups_->use(group).error().code(), Code::NotFound);
  EXPECT_FALSE(groups_->remove("/").ok());
  EXPECT_FALSE(groups_->ensure("/a/../..", {}).ok());
}

TEST(SystemInfo, KnowsTheMachine) {
  const auto info = system_info();
  EXPECT_FALSE(info.hostname.empty());
  EXPECT_FALSE(info.kernel_version.empty());
  EXPECT_EQ(info.boot_id.size(), 36u);
  EXPECT_GT(info.memory_bytes, 100u << 20);
  EXPECT_GT(info.cpus, 0);
  EXPECT_FALSE(set_kernel_parameter("no/such/parameter", "1").ok());
}

}  // namespace
}  // namespace mizzen::linux
