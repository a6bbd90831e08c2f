#include "kubelet/state/runtime_state.h"
#include "cri/blocking.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "cri/testing/fake_runtime.h"

namespace mizzen::kubelet {
namespace {

Deadline soon() { return Deadline::after(std::chrono::seconds(5), real_clock()); }

class RuntimeStateTest : public testing::Test {
 protected:
  std::string sandbox(const std::string& uid, uint32_t attempt = 0) {
    cri::v1::RunPodSandboxRequest request;
    auto& config = request.config.ensure();
    auto& m = config.metadata.ensure();
    m.name = "p-" + uid;
    m.namespace_ = "ns";
    m.uid = uid;
    m.attempt = attempt;
    config.labels.set(cri::kPodUidLabel, uid);
    config.labels.set(cri::kPodNameLabel, m.name);
    config.labels.set(cri::kPodNamespaceLabel, "ns");
    auto answer = cri::wait<&cri::Runtime::run_pod_sandbox>(runtime_, request, soon());
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    clock_.advance(std::chrono::seconds(1));
    return answer->pod_sandbox_id;
  }
  std::string container(const std::string& sandbox_id, const std::string& uid, const std::string& name,
                        bool start = true) {
    runtime_.add_image("i");
    cri::v1::CreateContainerRequest request;
    request.pod_sandbox_id = sandbox_id;
    auto& config = request.config.ensure();
    config.metadata.ensure().name = name;
    config.image.ensure().image = "i";
    config.labels.set(cri::kPodUidLabel, uid);
    config.labels.set(cri::kPodNameLabel, "p-" + uid);
    config.annotations.set(kRestartCountAnnotation, "3");
    config.annotations.set(kHashAnnotation, "abc");
    config.annotations.set(kTerminationPathAnnotation, "/dev/termination-log");
    auto& mount = config.mounts.emplace_back();
    mount.container_path = "/dev/termination-log";
    mount.host_path = "/host/log";
    auto answer = cri::wait<&cri::Runtime::create_container>(runtime_, request, soon());
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    if (start) {
      cri::v1::StartContainerRequest go;
      go.container_id = answer->container_id;
      EXPECT_TRUE(cri::wait<&cri::Runtime::start_container>(runtime_, go, soon()).ok());
    }
    clock_.advance(std::chrono::seconds(1));
    return answer->container_id;
  }

  ManualClock clock_;
  ThreadPool runtime_pool_{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime_{clock_, runtime_pool_};
};

TEST_F(RuntimeStateTest, NewestComesFirstAndOthersPodsStayOut) {
  const std::string first = sandbox("u"), second = sandbox("u", 1), other = sandbox("v");
  container(first, "u", "a");
  const std::string again = container(second, "u", "a");
  const std::string made = container(second, "u", "b", false);
  container(other, "v", "c");
  const auto pod = read_runtime_pod(runtime_, real_clock(), "u");
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->name, "p-u");
  EXPECT_EQ(pod->namespace_, "ns");
  ASSERT_EQ(pod->sandboxes.size(), 2u);
  EXPECT_EQ(pod->sandboxes[0].id, second);
  EXPECT_EQ(pod->containers.size(), 3u);
  ASSERT_TRUE(pod->newest("a"));
  EXPECT_EQ(pod->newest("a")->id, again);
  EXPECT_EQ(pod->newest("a")->state, ContainerRecord::State::Running);
  EXPECT_EQ(pod->newest("b")->id, made);
  EXPECT_EQ(pod->newest("b")->state, ContainerRecord::State::Created);
  EXPECT_FALSE(pod->newest("c"));
  EXPECT_TRUE(pod->any_running());
  EXPECT_TRUE(pod->any_sandbox_ready());
}

TEST_F(RuntimeStateTest, RecordsCarryWhatTheNodeWroteOnThem) {
  const std::string id = container(sandbox("u"), "u", "a");
  runtime_.exit_container(id, 7, "Error");
  const auto pod = read_runtime_pod(runtime_, real_clock(), "u");
  ASSERT_TRUE(pod.ok());
  const ContainerRecord& c = *pod->newest("a");
  EXPECT_EQ(c.state, ContainerRecord::State::Exited);
  EXPECT_EQ(c.exit_code, 7);
  EXPECT_EQ(c.reason, "Error");
  EXPECT_EQ(c.restart_count, 3);
  EXPECT_EQ(c.hash, "abc");
  EXPECT_EQ(c.termination_path, "/host/log");
  EXPECT_TRUE(c.started.is_set());
  EXPECT_TRUE(c.finished.is_set());
  EXPECT_FALSE(pod->any_running());
}

TEST_F(RuntimeStateTest, WhatGoesWhileItIsReadIsLeftOut) {
  container(sandbox("u"), "u", "a");
  runtime_.fail_next("ContainerStatus", Error(Code::NotFound, "gone"));
  runtime_.fail_next("PodSandboxStatus", Error(Code::NotFound, "gone"));
  const auto pod = read_runtime_pod(runtime_, real_clock(), "u");
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_TRUE(pod->containers.empty());
  EXPECT_TRUE(pod->sandboxes.empty());
  runtime_.fail_next("ContainerStatus", Error(Code::ServiceUnavailable, "no answer"));
  EXPECT_FALSE(read_runtime_pod(runtime_, real_clock(), "u").ok())
      << "no answer is not the same as nothing there";
}

TEST_F(RuntimeStateTest, SketchesChangeWithEveryState) {
  const std::string s = sandbox("u");
  const auto sketch = [&] { return sketch_pods(runtime_, real_clock())->at("u").text; };
  const std::string empty = sketch();
  const std::string id = container(s, "u", "a");
  const std::string running = sketch();
  EXPECT_NE(running, empty);
  EXPECT_EQ(running, sketch()) << "at rest it stays";
  runtime_.exit_container(id, 0);
  const std::string exited = sketch();
  EXPECT_NE(exited, running);
  runtime_.kill_sandbox(s);
  EXPECT_NE(sketch(), exited);
  EXPECT_EQ(sketch_pods(runtime_, real_clock())->at("u").name, "p-u");
  EXPECT_EQ(sketch_pods(runtime_, real_clock())->size(), 1u);
}

}  // namespace
}  // namespace mizzen::kubelet
