#include "kubelet/status/status_manager.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/testing/fake_api.h"
#include "codec/json/json_codec.h"

namespace mizzen::kubelet {
namespace {

using client::testing::FakeApi;

class StatusManagerTest : public ::testing::Test {
 protected:
  ~StatusManagerTest() override { pool_.stop(); }
  std::shared_ptr<const Pod> make(const std::string& name) {
    Pod pod;
    pod.metadata.name = name;
    pod.metadata.namespace_ = "default";
    pod.status.phase = "Pending";
    return *client::create<Pod>(api_, pod, {});
  }
  Pod stored(const std::string& name) {
    auto pod = client::get<Pod>(api_, "default", name, {});
    return pod.ok() ? **pod : Pod();
  }
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) ::usleep(1000);
    return condition();
  }
  PodStatus running() {
    PodStatus out;
    out.phase = "Running";
    set_condition(out, "Ready", true, "", "", 1, clock_.wall());
    return out;
  }
  /// Somebody else's change to the pod in the API, told to the manager.
  void change(const std::string& name, const std::function<void(Pod&)>& f) {
    Pod pod = stored(name);
    f(pod);
    pod.metadata.resourceVersion.clear();
    const auto updated = client::update<Pod>(api_, pod, {});
    ASSERT_TRUE(updated.ok());
    manager_.observe(*updated);
  }

  ManualClock clock_;
  FakeApi api_;
  ThreadPool pool_{real_clock(), {.name = "status"}};
  StatusManager manager_{{api_, pool_, clock_}};
};

TEST_F(StatusManagerTest, APatchSaysOnlyWhatIsOurs) {
  Pod pod = *codec::from_json<Pod>(R"({"metadata":{"name":"p","uid":"u"},"status":{"phase":"Pending",
      "conditions":[{"type":"example.com/x","status":"True"},{"type":"Ready","status":"False"}]}})");
  EXPECT_EQ(status_patch(pod, pod.status), "");
  PodStatus ours = pod.status;
  ours.phase = "Running";
  ours.conditions[1].status = "True";
  EXPECT_EQ(
      status_patch(pod, merge_status(pod.status, ours)),
      R"({"metadata":{"uid":"u"},"status":{"conditions":[{"status":"True","type":"Ready"}],"phase":"Running"}})");
}

TEST_F(StatusManagerTest, WhatOthersWriteIsSeenAndWhatTheyOverwriteIsMended) {
  const auto pod = make("p");
  manager_.set(pod, running());
  ASSERT_TRUE(eventually([&] { return stored("p").status.phase == "Running"; }));
  change("p", [](Pod& p) {
    auto& gate = p.status.conditions.emplace_back();
    gate.type = "example.com/gate";
    gate.status = "True";
    p.status.nominatedNodeName = "elsewhere";
  });
  const auto last = manager_.last(pod->metadata.uid);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->conditions.size(), 2u);
  EXPECT_EQ(last->nominatedNodeName, "elsewhere");
  change("p", [](Pod& p) {
    for (auto& c : p.status.conditions)
      if (c.type == "Ready") c.status = "False";
  });
  EXPECT_TRUE(eventually([&] {
    for (const auto& c : stored("p").status.conditions)
      if (c.type == "Ready") return c.status == "True";
    return false;
  }));
  EXPECT_EQ(stored("p").status.nominatedNodeName, "elsewhere");
}

TEST_F(StatusManagerTest, WhatWasSeenBeforeAnythingWasSetCounts) {
  const auto pod = make("p");
  manager_.set(pod, running());
  ASSERT_TRUE(eventually([&] { return stored("p").status.phase == "Running"; }));
  // Another life of the agent: it sees the pod, then that somebody marked it, and sets what it made of the
  // first.
  StatusManager next({api_, pool_, clock_});
  const auto first = std::make_shared<const Pod>(stored("p"));
  next.observe(first);
  Pod marked = *first;
  for (auto& c : marked.status.conditions) c.status = "False";
  marked.metadata.resourceVersion.clear();
  next.observe(*client::update<Pod>(api_, marked, {}));
  next.set(first, first->status);
  EXPECT_TRUE(eventually([&] { return stored("p").status.conditions.at(0).status == "True"; }));
  pool_.stop();  // before who writes on it
}

TEST_F(StatusManagerTest, WhatFailedIsRepeatedAndAnotherPodOfTheNameIsLeftAlone) {
  const auto pod = make("p");
  api_.set_down(true);
  manager_.set(pod, running());
  ::usleep(20'000);
  api_.set_down(false);
  EXPECT_TRUE(eventually([&] {
    manager_.tick();
    return stored("p").status.phase == "Running";
  }));
  meta::v1::DeleteOptions at_once;
  ASSERT_TRUE(client::remove<Pod>(api_, "default", "p", at_once, {}).ok());
  const auto second = make("p");
  PodStatus late = running();
  late.phase = "Failed";
  manager_.set(pod, late);
  manager_.finish(pod);
  ::usleep(30'000);
  EXPECT_EQ(stored("p").metadata.uid, second->metadata.uid);
  EXPECT_EQ(stored("p").status.phase, "Pending");
}

}  // namespace
}  // namespace mizzen::kubelet
