#include "kubelet/runtime/runtime_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "cri/blocking.h"
#include "cri/testing/fake_runtime.h"

namespace mizzen::kubelet {
namespace {

Deadline soon() { return Deadline::after(std::chrono::seconds(5), real_clock()); }

class RuntimeCacheTest : public testing::Test {
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

  ~RuntimeCacheTest() override {
    cache_.stop();
    runtime_pool_.stop();
  }
  /// Lists, and waits until that is through.
  bool list() {
    const auto before = cache_.listed_at();
    clock_.advance(std::chrono::milliseconds(1));
    cache_.relist();
    for (int i = 0; i < 400 && cache_.listed_at() == before; ++i) ::usleep(1000);
    return cache_.listed_at() != before;
  }
  bool look(const std::string& id, const std::string& sandbox_id, const std::string& uid) {
    std::atomic<int> told = 0;
    cache_.look_at_container(id, sandbox_id, {uid, "ns", "p-" + uid}, [&](const Result<void>&) { ++told; });
    for (int i = 0; i < 400 && told == 0; ++i) ::usleep(1000);
    return told == 1;
  }

  ManualClock clock_;
  ThreadPool runtime_pool_{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime_{clock_, runtime_pool_};
  Guarded<std::vector<std::string>> changed_;
  std::atomic<int> ready_ = 0;
  RuntimeCache cache_{{runtime_, clock_,
                       [this](const std::string& uid) { changed_.with([&](auto& c) { c.push_back(uid); }); },
                       [this] { ++ready_; }}};
};

TEST_F(RuntimeCacheTest, NewestComesFirstAndOthersPodsStayOut) {
  const std::string first = sandbox("u"), second = sandbox("u", 1), other = sandbox("v");
  container(first, "u", "a");
  const std::string again = container(second, "u", "a");
  const std::string made = container(second, "u", "b", false);
  container(other, "v", "c");
  EXPECT_FALSE(cache_.is_ready());
  ASSERT_TRUE(list());
  EXPECT_EQ(ready_, 1);
  const auto pod = cache_.pod("u");
  EXPECT_EQ(pod.name, "p-u");
  EXPECT_EQ(pod.namespace_, "ns");
  ASSERT_EQ(pod.sandboxes.size(), 2u);
  EXPECT_EQ(pod.sandboxes[0].id, second);
  EXPECT_EQ(pod.containers.size(), 3u);
  ASSERT_TRUE(pod.newest("a"));
  EXPECT_EQ(pod.newest("a")->id, again);
  EXPECT_EQ(pod.newest("a")->state, ContainerRecord::State::Running);
  EXPECT_EQ(pod.newest("b")->id, made);
  EXPECT_EQ(pod.newest("b")->state, ContainerRecord::State::Created);
  EXPECT_FALSE(pod.newest("c"));
  EXPECT_TRUE(pod.any_running());
  EXPECT_TRUE(pod.any_sandbox_ready());
  EXPECT_EQ(cache_.pods().size(), 2u);
  EXPECT_TRUE(cache_.is_running(again));
}

TEST_F(RuntimeCacheTest, RecordsCarryWhatTheNodeWroteOnThem) {
  const std::string id = container(sandbox("u"), "u", "a");
  runtime_.exit_container(id, 7, "Error");
  ASSERT_TRUE(list());
  const auto pod = cache_.pod("u");
  const ContainerRecord& c = *pod.newest("a");
  EXPECT_EQ(c.state, ContainerRecord::State::Exited);
  EXPECT_EQ(c.exit_code, 7);
  EXPECT_EQ(c.reason, "Error");
  EXPECT_EQ(c.restart_count, 3);
  EXPECT_EQ(c.hash, "abc");
  EXPECT_EQ(c.termination_path, "/host/log");
  EXPECT_TRUE(c.started.is_set());
  EXPECT_TRUE(c.finished.is_set());
  EXPECT_FALSE(pod.any_running());
}

TEST_F(RuntimeCacheTest, WhatGoesWhileItIsReadIsLeftOut) {
  container(sandbox("u"), "u", "a");
  runtime_.fail_next("ContainerStatus", Error(Code::NotFound, "gone"));
  runtime_.fail_next("PodSandboxStatus", Error(Code::NotFound, "gone"));
  ASSERT_TRUE(list());
  EXPECT_FALSE(cache_.knows("u"));
}

TEST_F(RuntimeCacheTest, NoAnswerIsNotTheSameAsNothingThere) {
  container(sandbox("u"), "u", "a");
  runtime_.fail_next("ContainerStatus", Error(Code::ServiceUnavailable, "no answer"));
  cache_.relist();
  ::usleep(20'000);
  EXPECT_FALSE(cache_.is_ready());
  runtime_.fail_next("ListContainers", Error(Code::ServiceUnavailable, "no answer"));
  cache_.relist();
  ::usleep(20'000);
  EXPECT_FALSE(cache_.is_ready());
  ASSERT_TRUE(list());
  EXPECT_TRUE(cache_.is_ready());
}

TEST_F(RuntimeCacheTest, AListReadsOnlyWhatDiffers) {
  const std::string s = sandbox("u");
  const std::string id = container(s, "u", "a");
  ASSERT_TRUE(list());
  const auto looks = runtime_.count("ContainerStatus") + runtime_.count("PodSandboxStatus");
  changed_.with([](auto& c) { c.clear(); });
  ASSERT_TRUE(list());
  EXPECT_EQ(runtime_.count("ContainerStatus") + runtime_.count("PodSandboxStatus"), looks) << "at rest";
  EXPECT_TRUE(changed_.with([](auto& c) { return c.empty(); }));
  runtime_.exit_container(id, 0);
  ASSERT_TRUE(list());
  EXPECT_EQ(runtime_.count("ContainerStatus") + runtime_.count("PodSandboxStatus"), looks + 1);
  EXPECT_EQ(changed_.with([](auto& c) { return c; }), std::vector<std::string>{"u"});
}

TEST_F(RuntimeCacheTest, AnOlderLookNeverReplacesANewerOne) {
  const std::string s = sandbox("u");
  const std::string id = container(s, "u", "a");
  ASSERT_TRUE(list());
  // A look that is answered late: with what was before the container was removed.
  runtime_.hold("ContainerStatus");
  std::atomic<int> told = 0;
  cache_.look_at_container(id, s, {"u", "ns", "p-u"}, [&](const Result<void>&) { ++told; });
  cache_.forget(id);
  runtime_.release("ContainerStatus");
  for (int i = 0; i < 400 && told == 0; ++i) ::usleep(1000);
  EXPECT_FALSE(cache_.pod("u").newest("a"));
  // It is there after all: a look that began later says so.
  ASSERT_TRUE(look(id, s, "u"));
  EXPECT_TRUE(cache_.pod("u").newest("a"));
}

TEST_F(RuntimeCacheTest, HintsReadWhatIsNews) {
  const std::string s = sandbox("u");
  const std::string id = container(s, "u", "a");
  ASSERT_TRUE(list());
  const auto looks = runtime_.count("ContainerStatus");
  cache_.hint(id, true);
  EXPECT_EQ(runtime_.count("ContainerStatus"), looks) << "it is known to run";
  runtime_.exit_container(id, 3);
  cache_.hint(id, false);
  for (int i = 0; i < 400 && cache_.is_running(id); ++i) ::usleep(1000);
  EXPECT_EQ(cache_.pod("u").newest("a")->exit_code, 3);
  cache_.hint("unknown", true);
}

}  // namespace
}  // namespace mizzen::kubelet
