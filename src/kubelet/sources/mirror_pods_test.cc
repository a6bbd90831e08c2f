#include "kubelet/sources/mirror_pods.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/node.h"
#include "client/testing/fake_api.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

std::shared_ptr<const Pod> made(Pod pod, const std::string& uid) {
  pod.metadata.name = "web-n";
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = uid;
  return std::make_shared<const Pod>(std::move(pod));
}
std::shared_ptr<const Pod> static_pod(const std::string& hash) {
  return made(
      testing::pod_of(
          R"({"metadata":{"annotations":{"kubernetes.io/config.source":"file","kubernetes.io/config.hash":")" +
          hash + R"("}},"spec":{"nodeName":"n","containers":[{"name":"a","image":"nginx"}]}})"),
      hash);
}
std::shared_ptr<const Pod> mirror(const std::string& hash, const std::string& more = "") {
  return made(testing::pod_of(R"({"metadata":{"annotations":{"kubernetes.io/config.mirror":")" + hash +
                              R"("})" + more + "}}"),
              "m");
}

TEST(MirrorPods, ActionsByWhatIsThere) {
  const auto pod = static_pod("h1");
  EXPECT_EQ(mirror_action({}), MirrorAction::None);
  EXPECT_EQ(mirror_action({pod, nullptr}), MirrorAction::Create);
  EXPECT_EQ(mirror_action({pod, mirror("h1")}), MirrorAction::None);
  EXPECT_EQ(mirror_action({pod, mirror("h0")}), MirrorAction::Delete) << "of an earlier manifest";
  EXPECT_EQ(mirror_action({nullptr, mirror("h1")}), MirrorAction::Delete) << "of nothing";
  EXPECT_EQ(mirror_action({pod, mirror("h1", R"(,"deletionTimestamp":"2023-11-14T22:13:20Z")")}),
            MirrorAction::Delete)
      << "somebody wants it gone: it is made again";
}

class MirrorPodsTest : public ::testing::Test {
 protected:
  MirrorPodsTest() {
    api::core::v1::Node node;
    node.metadata.name = "n";
    node.metadata.uid = "node-uid";
    EXPECT_TRUE(client::create<api::core::v1::Node>(api_, node, {}).ok());
  }
  /// As the watch tells it.
  std::shared_ptr<const Pod> in_api() {
    auto pod = client::get<Pod>(api_, "default", "web-n", {});
    return pod.ok() ? *pod : nullptr;
  }
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) {
      mirrors_.tick();
      ::usleep(1000);
    }
    return condition();
  }
  client::testing::FakeApi api_;
  ThreadPool pool_{real_clock(), {.name = "api"}};
  std::atomic<bool> ready_ = true;
  Guarded<std::string> shown_;
  MirrorPods mirrors_{{.api = api_,
                       .executor = pool_,
                       .node_name = "n",
                       .sources_ready = [this] { return ready_.load(); },
                       .on_mirror =
                           [this](const std::string& uid, const auto& m) {
                             shown_.with([&](auto& s) { s = uid + (m ? " shown" : " hidden"); });
                           }}};
};

TEST_F(MirrorPodsTest, AStaticPodIsShownAndItsManifestFollowed) {
  mirrors_.want(static_pod("h1"));
  ASSERT_TRUE(eventually([&] { return in_api() != nullptr; }));
  const auto shown = in_api();
  EXPECT_EQ(*shown->metadata.annotations.find("kubernetes.io/config.mirror"), "h1");
  ASSERT_EQ(shown->metadata.ownerReferences.size(), 1u);
  EXPECT_EQ(shown->metadata.ownerReferences[0].kind, "Node");
  EXPECT_EQ(shown->metadata.ownerReferences[0].controller, true);
  EXPECT_NE(shown->metadata.uid, "h1") << "an object of its own";
  mirrors_.seen(shown, true);
  EXPECT_EQ(shown_.with([](const auto& s) { return s; }), "h1 shown");

  // Another manifest under the same name.
  mirrors_.unwant(static_pod("h1"));
  mirrors_.want(static_pod("h2"));
  EXPECT_EQ(shown_.with([](const auto& s) { return s; }), "h2 hidden");
  ASSERT_TRUE(eventually([&] { return in_api() == nullptr; }));
  mirrors_.seen(shown, false);
  ASSERT_TRUE(eventually([&] { return in_api() != nullptr; }));
  EXPECT_EQ(*in_api()->metadata.annotations.find("kubernetes.io/config.mirror"), "h2");
}

TEST_F(MirrorPodsTest, WhatShowsNothingGoesOnceEverySourceWasHeard) {
  ready_ = false;
  ASSERT_TRUE(client::create<Pod>(api_, *mirror("h1"), {}).ok());
  mirrors_.seen(in_api(), true);
  for (int i = 0; i < 50; ++i) {
    mirrors_.tick();
    ::usleep(1000);
  }
  EXPECT_NE(in_api(), nullptr) << "its manifest may not have been read yet";
  ready_ = true;
  EXPECT_TRUE(eventually([&] { return in_api() == nullptr; }));
}

TEST_F(MirrorPodsTest, OfTwoSourcesWithOneNameTheFirstIsShownAndThenTheOther) {
  Pod other = *static_pod("h2");
  other.metadata.annotations.set(kSourceAnnotation, "etcd");
  mirrors_.want(static_pod("h1"));
  ASSERT_TRUE(eventually([&] { return in_api() != nullptr; }));
  const auto shown = in_api();
  mirrors_.seen(shown, true);
  mirrors_.want(std::make_shared<const Pod>(std::move(other)));
  for (int i = 0; i < 50; ++i) {
    mirrors_.tick();
    ::usleep(1000);
  }
  ASSERT_NE(in_api(), nullptr);
  EXPECT_EQ(in_api()->metadata.uid, shown->metadata.uid) << "the first keeps the place";
  mirrors_.unwant(static_pod("h1"));
  ASSERT_TRUE(eventually([&] { return in_api() == nullptr; }));
  mirrors_.seen(shown, false);
  ASSERT_TRUE(eventually([&] { return in_api() != nullptr; }));
  EXPECT_EQ(*in_api()->metadata.annotations.find("kubernetes.io/config.mirror"), "h2");
}

}  // namespace
}  // namespace mizzen::kubelet
