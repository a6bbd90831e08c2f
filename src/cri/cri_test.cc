#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "codec/proto/proto_codec.h"
#include "cri/blocking.h"
#include "cri/client.h"
#include "cri/containerd.h"
#include "cri/containerd_events.h"
#include "cri/schema/events/v1/events.h"
#include "cri/testing/fake_runtime.h"
#include "linux/files/mounts.h"
#include "linux/groups/cgroups.h"
#include "linux/testing/scratch.h"

namespace mizzen::cri {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kGroup = "/mizzen-cri-test";

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

v1::ContainerConfig container_config() {
  v1::ContainerConfig out;
  out.metadata.ensure().name = "main";
  out.image.ensure().image = kPauseImage;
  out.log_path = "main/0.log";
  out.labels.set(kContainerNameLabel, "main");
  out.linux.ensure().resources.ensure().cpu_shares = 100;
  auto& names = out.linux->security_context.ensure().namespace_options.ensure();
  names.network = v1::NamespaceMode::NODE;
  names.pid = v1::NamespaceMode::CONTAINER;
  return out;
}

/// The life of a container as every Runtime must play it.
void play_life(Runtime& runtime, const std::string& folder) {
  const auto soon = Deadline::after(seconds(60), real_clock());
  v1::RunPodSandboxRequest run;
  run.config = sandbox_config(folder);
  auto sandbox = wait<&Runtime::run_pod_sandbox>(runtime, run, soon);
  ASSERT_TRUE(sandbox.ok()) << sandbox.error().message();
  v1::CreateContainerRequest create;
  create.pod_sandbox_id = sandbox->pod_sandbox_id;
  create.config = container_config();
  create.sandbox_config = run.config;
  auto created = wait<&Runtime::create_container>(runtime, create, soon);
  ASSERT_TRUE(created.ok()) << created.error().message();
  v1::ContainerStatusRequest status;
  status.container_id = created->container_id;
  EXPECT_EQ(wait<&Runtime::container_status>(runtime, status, soon)->status->state,
            v1::ContainerState::CONTAINER_CREATED);
  v1::StartContainerRequest start;
  start.container_id = created->container_id;
  ASSERT_TRUE(wait<&Runtime::start_container>(runtime, start, soon).ok());
  EXPECT_EQ(wait<&Runtime::container_status>(runtime, status, soon)->status->state,
            v1::ContainerState::CONTAINER_RUNNING);
  v1::ListContainersRequest list;
  list.filter.ensure().label_selector.set(kContainerNameLabel, "main");
  EXPECT_EQ(wait<&Runtime::list_containers>(runtime, list, soon)->containers.size(), 1u);
  list.filter->label_selector.set(kContainerNameLabel, "other");
  EXPECT_EQ(wait<&Runtime::list_containers>(runtime, list, soon)->containers.size(), 0u);

  v1::StopContainerRequest stop;
  stop.container_id = created->container_id;
  stop.timeout = 5;
  ASSERT_TRUE(wait<&Runtime::stop_container>(runtime, stop, soon).ok());
  ASSERT_TRUE(wait<&Runtime::stop_container>(runtime, stop, soon).ok()) << "stopping twice is success";
  const auto stopped = wait<&Runtime::container_status>(runtime, status, soon);
  EXPECT_EQ(stopped->status->state, v1::ContainerState::CONTAINER_EXITED);
  EXPECT_GE(stopped->status->finished_at, stopped->status->started_at);
  v1::RemoveContainerRequest remove;
  remove.container_id = created->container_id;
  ASSERT_TRUE(wait<&Runtime::remove_container>(runtime, remove, soon).ok());
  ASSERT_TRUE(wait<&Runtime::remove_container>(runtime, remove, soon).ok()) << "removing twice is success";
  EXPECT_EQ(wait<&Runtime::container_status>(runtime, status, soon).error().code(), Code::NotFound);
  v1::StopPodSandboxRequest stop_sandbox;
  stop_sandbox.pod_sandbox_id = sandbox->pod_sandbox_id;
  ASSERT_TRUE(wait<&Runtime::stop_pod_sandbox>(runtime, stop_sandbox, soon).ok());
  v1::PodSandboxStatusRequest sandbox_status;
  sandbox_status.pod_sandbox_id = sandbox->pod_sandbox_id;
  EXPECT_EQ(wait<&Runtime::pod_sandbox_status>(runtime, sandbox_status, soon)->status->state,
            v1::PodSandboxState::SANDBOX_NOTREADY);
  v1::RemovePodSandboxRequest remove_sandbox;
  remove_sandbox.pod_sandbox_id = sandbox->pod_sandbox_id;
  ASSERT_TRUE(wait<&Runtime::remove_pod_sandbox>(runtime, remove_sandbox, soon).ok());
  EXPECT_EQ(wait<&Runtime::pod_sandbox_status>(runtime, sandbox_status, soon).error().code(), Code::NotFound);
  v1::ImageStatusRequest image;
  image.image.ensure().image = "docker.io/library/no-such:1";
  EXPECT_FALSE(wait<&Runtime::image_status>(runtime, image, soon)->image) << "an absent image is no error";
}

TEST(FakeRuntime, PlaysTheLifeOfAContainer) {
  ManualClock clock;
  ThreadPool pool(real_clock(), {.name = "fake"});
  FakeRuntime runtime(clock, pool);
  play_life(runtime, "/logs");
  runtime.fail_next("RunPodSandbox", Error(Code::Timeout, "slow"));
  EXPECT_EQ(wait<&Runtime::run_pod_sandbox>(runtime, {}, Deadline::never()).error().code(), Code::Timeout);
  EXPECT_TRUE(wait<&Runtime::run_pod_sandbox>(runtime, {}, Deadline::never()).ok());
  pool.stop();
}

TEST(Schema, KeepsTheWireNumbersOfTheInterface) {
  v1::ContainerStatus status;
  status.log_path = "p";
  status.exit_code = 1;
  EXPECT_EQ(codec::to_proto(status), std::string("\x38\x01\x7a\x01p", 5));
  v1::LinuxContainerSecurityContext security;
  security.run_as_group.ensure().value = 7;
  EXPECT_EQ(codec::to_proto(security), std::string("\x62\x02\x08\x07", 4));
}

TEST(ContainerdConfig, FollowsTheMachine) {
  ContainerdOptions options{.data_folder = "/d\"x", .cni_conf_folder = "/c", .cni_bin_folder = "/b"};
  const auto weak = containerd_config(
      options, {.may_lower_oom_score = false, .runtime_name = "crun", .runtime_path = "/usr/bin/crun"});
  EXPECT_THAT(weak, HasSubstr("restrict_oom_score_adj = true"));
  EXPECT_THAT(weak, HasSubstr("BinaryName = \"/usr/bin/crun\""));
  EXPECT_THAT(weak, HasSubstr("root = \"/d\\\"x/root\""));
  const MachineFacts able{
      .may_lower_oom_score = true, .apparmor = true, .runtime_name = "runc", .runtime_path = "/r"};
  const auto strong = containerd_config(options, able);
  EXPECT_THAT(strong, HasSubstr("restrict_oom_score_adj = false"));
  EXPECT_THAT(strong, HasSubstr("disable_apparmor = false"));
}

TEST(Pause, ArchiveIsPartOfTheProgram) {
  EXPECT_GT(pause_archive().size(), 2048u);
  EXPECT_THAT(std::string(pause_archive()), HasSubstr("mizzen.local/pause:1"));
}

class ContainerdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!linux::is_root()) GTEST_SKIP() << "needs root";
    if (!linux::find_program("containerd").ok()) GTEST_SKIP() << "containerd is not installed";
  }
  void TearDown() override {
    if (path_exists(folder_)) {
      const auto down = Containerd::down(folder_, real_clock());
      EXPECT_TRUE(down.ok()) << down.error().message();
    }
    if (const auto groups = linux::Cgroups::detect(); groups.ok()) EXPECT_TRUE(groups->remove(kGroup).ok());
  }
  ContainerdOptions options() {
    return {
        .data_folder = folder_, .cni_conf_folder = scratch_.at("cni"), .cni_bin_folder = scratch_.at("bin")};
  }
  linux::ScratchFolder scratch_;
  const std::string folder_ = scratch_.at("containerd");
};

TEST_F(ContainerdTest, RunsTheSameLifeAndNamesItsVersion) {
  Containerd containerd(options(), real_clock());
  const auto started = containerd.start(Deadline::after(seconds(20), real_clock()));
  ASSERT_TRUE(started.ok()) << started.error().message();
  const auto imported = containerd.import_pause(Deadline::after(seconds(20), real_clock()));
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  ASSERT_TRUE(containerd.import_pause(Deadline::after(seconds(20), real_clock())).ok());
  auto client = Client::open(containerd.socket());
  ASSERT_TRUE(client.ok());
  const auto version = wait<&Runtime::version>(**client, {}, Deadline::after(seconds(10), real_clock()));
  ASSERT_TRUE(version.ok()) << version.error().message();
  EXPECT_EQ(version->runtime_name, "containerd");
  play_life(**client, scratch_.at("logs"));
}

TEST(ContainerdEvents, OnlyTheFirstProcessIsTheContainer) {
  events::v1::TaskExit exit;
  exit.container_id = exit.id = "c";
  EXPECT_EQ(read_event("/tasks/exit", codec::to_proto(exit)).id, "c");
  EXPECT_FALSE(read_event("/tasks/exit", codec::to_proto(exit)).runs);
  exit.id = "exec-1";
  EXPECT_EQ(read_event("/tasks/exit", codec::to_proto(exit)).id, "");
  events::v1::TaskEvent start;
  start.container_id = "c";
  EXPECT_TRUE(read_event("/tasks/start", codec::to_proto(start)).runs);
  EXPECT_EQ(read_event("/images/create", "x").id, "");
  EXPECT_EQ(read_event("/tasks/exit", "\xff\xff").id, "");
}

TEST_F(ContainerdTest, TellsWhatBeginsAndEnds) {
  Containerd containerd(options(), real_clock());
  ASSERT_TRUE(containerd.start(Deadline::after(seconds(20), real_clock())).ok());
  ASSERT_TRUE(containerd.import_pause(Deadline::after(seconds(20), real_clock())).ok());
  auto client = Client::open(containerd.socket());
  auto events = ContainerdEvents::open(containerd.socket(), real_clock());
  ASSERT_TRUE(events.ok());
  Guarded<std::vector<std::string>> told;
  (*events)->start([&](const std::string& id, bool runs) {
    told.with([&](auto& t) { t.push_back((runs ? "+" : "-") + id); });
  });
  const auto heard = [&](const std::string& what) {
    for (int i = 0; i < 500; ++i, ::usleep(10'000))
      if (told.with([&](const auto& t) { return std::find(t.begin(), t.end(), what) != t.end(); }))
        return true;
    return false;
  };
  ASSERT_TRUE(heard("-")) << "first of all that something may have been lost";
  ::usleep(200'000);  // nothing says that the subscription stands
  v1::RunPodSandboxRequest run;
  run.config = sandbox_config(scratch_.at("logs"));
  const auto sandbox =
      wait<&Runtime::run_pod_sandbox>(**client, run, Deadline::after(seconds(30), real_clock()));
  ASSERT_TRUE(sandbox.ok());
  EXPECT_TRUE(heard("+" + sandbox->pod_sandbox_id));
  v1::StopPodSandboxRequest stop;
  stop.pod_sandbox_id = sandbox->pod_sandbox_id;
  ASSERT_TRUE(
      wait<&Runtime::stop_pod_sandbox>(**client, stop, Deadline::after(seconds(30), real_clock())).ok());
  EXPECT_TRUE(heard("-" + sandbox->pod_sandbox_id));
  EXPECT_TRUE((*events)->connected());
  (*events)->stop();
}

TEST_F(ContainerdTest, ContainersOutliveDeathOfContainerdAndOfItsOwner) {
  auto first = std::make_unique<Containerd>(options(), real_clock());
  ASSERT_TRUE(first->start(Deadline::after(seconds(20), real_clock())).ok());
  ASSERT_TRUE(first->import_pause(Deadline::after(seconds(20), real_clock())).ok());
  auto client = Client::open("unix://" + first->socket());
  v1::RunPodSandboxRequest run;
  run.config = sandbox_config(scratch_.at("logs"));
  const auto sandbox =
      wait<&Runtime::run_pod_sandbox>(**client, run, Deadline::after(seconds(30), real_clock()));
  ASSERT_TRUE(sandbox.ok()) << sandbox.error().message();

  const pid_t pid = first->pid();
  ::kill(pid, SIGKILL);
  v1::PodSandboxStatusRequest status;
  status.pod_sandbox_id = sandbox->pod_sandbox_id;
  Result<v1::PodSandboxStatusResponse> again = Error(Code::Unknown, "");
  for (int i = 0; i < 200 && !again.ok(); ++i) {
    ::usleep(50'000);
    again = wait<&Runtime::pod_sandbox_status>(**client, status, Deadline::after(seconds(2), real_clock()));
  }
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->status->state, v1::PodSandboxState::SANDBOX_READY);

  const pid_t second_pid = first->pid();
  EXPECT_NE(second_pid, pid);
  first.reset();  // as after a restart of mizzen: containerd goes on
  Containerd second(options(), real_clock());
  ASSERT_TRUE(second.start(Deadline::after(seconds(20), real_clock())).ok());
  EXPECT_EQ(second.pid(), second_pid);
  EXPECT_TRUE(
      wait<&Runtime::pod_sandbox_status>(**client, status, Deadline::after(seconds(10), real_clock())).ok());
  // The sandbox is left running on purpose: TearDown proves that down() ends it.
}

}  // namespace
}  // namespace mizzen::cri
