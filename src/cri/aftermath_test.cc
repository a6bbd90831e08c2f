#include "cri/aftermath.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "cri/blocking.h"
#include "cri/client.h"
#include "cri/containerd.h"
#include "linux/files/mounts.h"
#include "linux/groups/cgroups.h"
#include "linux/process/process.h"
#include "linux/testing/scratch.h"

namespace mizzen::cri {
namespace {

using std::chrono::seconds;

const std::string kGroup = "/mizzen-cri-aftermath-test";

v1::PodSandboxConfig sandbox_config(const std::string& log_folder) {
  v1::PodSandboxConfig out;
  out.metadata.ensure().name = "web";
  out.metadata->namespace_ = "default";
  out.metadata->uid = "u1";
  out.log_directory = log_folder;
  out.labels.set(kPodUidLabel, "u1");
  out.linux.ensure().cgroup_parent = kGroup + "/podu1";
  out.linux->security_context.ensure().namespace_options.ensure().network = v1::NamespaceMode::NODE;
  return out;
}

class AftermathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!linux::is_root()) GTEST_SKIP() << "needs root";
    if (!linux::find_program("containerd").ok()) GTEST_SKIP() << "containerd is not installed";
  }
  void TearDown() override {
    if (path_exists(folder_)) EXPECT_TRUE(Containerd::down(folder_, real_clock()).ok());
    if (const auto groups = linux::Cgroups::detect(); groups.ok()) EXPECT_TRUE(groups->remove(kGroup).ok());
  }
  ContainerdOptions options() {
    return {
        .data_folder = folder_, .cni_conf_folder = scratch_.at("cni"), .cni_bin_folder = scratch_.at("bin")};
  }
  linux::ScratchFolder scratch_;
  const std::string folder_ = scratch_.at("containerd");
};

TEST_F(AftermathTest, WhatContainerdWasMakingWhenItDiedIsTakenAway) {
  auto containerd = std::make_unique<Containerd>(options(), real_clock());
  ASSERT_TRUE(containerd->start(Deadline::after(seconds(20), real_clock())).ok());
  ASSERT_TRUE(containerd->import_pause(Deadline::after(seconds(20), real_clock())).ok());
  auto client = Client::open(containerd->socket());
  v1::RunPodSandboxRequest run;
  run.config = sandbox_config(scratch_.at("logs"));
  const auto sandbox =
      wait<&Runtime::run_pod_sandbox>(**client, run, Deadline::after(seconds(30), real_clock()));
  ASSERT_TRUE(sandbox.ok()) << sandbox.error().message();
  const pid_t pid = containerd->pid();
  // As containerd leaves it: a bundle, a shim that was to serve it, with and without a process of the
  // container; a namespace that no container names.
  const Aftermath aftermath({folder_, "runc", real_clock()});
  const std::string program = scratch_.at("containerd-shim-that-waits");
  ASSERT_EQ(::symlink("/usr/bin/tail", program.c_str()), 0);
  std::vector<std::pair<std::string, linux::Process>> shims;
  for (const char letter : {'a', 'b'}) {
    const std::string id(64, letter), bundle = aftermath.bundles() + "/" + id;
    ASSERT_TRUE(make_folders(bundle + "/rootfs").ok());
    ASSERT_TRUE(write_file(bundle + "/config.json", "{}").ok());
    if (letter == 'b') ASSERT_TRUE(write_file(bundle + "/init.pid", "1").ok());
    auto shim = linux::Process::spawn({.argv = {program, "-f", "/dev/null", id}});
    ASSERT_TRUE(shim.ok());
    shims.emplace_back(bundle, std::move(*shim));
  }
  const std::string unnamed = aftermath.namespaces() + "/cni-1";
  ASSERT_TRUE(make_folders(aftermath.namespaces()).ok());
  ASSERT_TRUE(write_file(unnamed, "").ok());
  ::kill(pid, SIGKILL);
  for (auto& [bundle, shim] : shims) {
    const auto ended = shim.wait(Deadline::after(seconds(10), real_clock()));
    EXPECT_TRUE(ended.ok() && *ended) << bundle;
    for (int i = 0; i < 300 && path_exists(bundle); ++i) ::usleep(10'000);
    EXPECT_FALSE(path_exists(bundle));
  }
  EXPECT_FALSE(path_exists(unnamed));
  v1::PodSandboxStatusRequest status;
  status.pod_sandbox_id = sandbox->pod_sandbox_id;
  const auto still =
      wait<&Runtime::pod_sandbox_status>(**client, status, Deadline::after(seconds(10), real_clock()));
  ASSERT_TRUE(still.ok()) << still.error().message();
  EXPECT_EQ(still->status->state, v1::PodSandboxState::SANDBOX_READY) << "what runs is let alone";

  // A shim whose start was cut off: no bundle, no task. The sandbox's own shim has one.
  const std::string cut_off(64, 'c');
  auto shim = linux::Process::spawn(
      {.argv = {program, "-f", "/dev/null", "--", "-id", cut_off, containerd->socket()}});
  ASSERT_TRUE(shim.ok());
  const Aftermath::Tasks tasks = [&]() -> Result<std::vector<std::string>> {
    return std::vector<std::string>{sandbox->pod_sandbox_id};
  };
  ::usleep(50'000);
  const auto there = aftermath.shims();
  EXPECT_THAT(there, ::testing::UnorderedElementsAre(cut_off, sandbox->pod_sandbox_id));
  aftermath.remove_idle({}, tasks);
  EXPECT_TRUE(shim->running()) << "not seen before: it may be just beginning";
  aftermath.remove_idle(there, tasks);
  const auto ended = shim->wait(Deadline::after(seconds(5), real_clock()));
  EXPECT_TRUE(ended.ok() && *ended);
}

}  // namespace
}  // namespace mizzen::cri
