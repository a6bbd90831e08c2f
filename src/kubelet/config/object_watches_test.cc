#include "kubelet/config/object_watches.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/testing/fake_api.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using api::core::v1::ConfigMap;

class ObjectWatchesTest : public ::testing::Test {
 protected:
  ~ObjectWatchesTest() override {
    watches_.stop();
    timers_.stop();
    pool_.stop();
  }
  static Pod pod(const std::string& uid, const std::string& map) {
    Pod out =
        testing::pod_of(R"({"spec":{"volumes":[{"name":"v","configMap":{"name":"x"}}],"containers":[]}})");
    out.metadata.uid = uid;
    out.metadata.namespace_ = "ns";
    out.spec.volumes[0].volumeSource.configMap->localObjectReference.name = map;
    return out;
  }
  void make(const std::string& name) {
    ConfigMap map;
    map.metadata.name = name;
    map.metadata.namespace_ = "ns";
    ASSERT_TRUE(client::create<ConfigMap>(api_, map, {}).ok());
  }
  /// An informer whose first look failed waits for up to 1.6 s.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000 && !condition(); ++i) ::usleep(1000);
    return condition();
  }
  client::testing::FakeApi api_;
  ThreadPool pool_{real_clock(), {.name = "watches"}};
  Timers timers_{pool_, real_clock()};
  Guarded<std::vector<std::string>> changed_;
  ObjectWatches watches_{
      {api_, {real_clock(), secure_random(), pool_, timers_}, [this](const std::string& uid) {
         changed_.with([&](auto& c) { c.push_back(uid); });
       }}};
};

TEST_F(ObjectWatchesTest, OneWatchForAllWhoNameAnObjectAndNoneAfterThem) {
  make("x");
  watches_.watch(pod("u1", "x"));
  watches_.watch(pod("u2", "x"));
  watches_.watch(pod("u2", "x"));
  EXPECT_EQ(watches_.size(), 1u);
  ASSERT_TRUE(eventually([&] { return watches_.ready("u1") && watches_.ready("u2"); }));
  EXPECT_TRUE(watches_.config_map("ns", "x").ok());
  ASSERT_TRUE(eventually([&] { return changed_.with([](auto& c) { return !c.empty(); }); }));
  watches_.forget("u1");
  EXPECT_EQ(watches_.size(), 1u);
  watches_.watch(pod("u2", "y"));
  EXPECT_EQ(watches_.config_map("ns", "x").error().code(), Code::ServerTimeout) << "nobody names it any more";
  watches_.forget("u2");
  EXPECT_EQ(watches_.size(), 0u);
}

TEST_F(ObjectWatchesTest, NotReadYetIsNotTheSameAsNotThere) {
  api_.set_down(true);
  watches_.watch(pod("u1", "x"));
  EXPECT_FALSE(watches_.ready("u1"));
  EXPECT_EQ(watches_.config_map("ns", "x").error().message(),
            "failed to sync configmap cache: timed out waiting for the condition");
  api_.set_down(false);
  ASSERT_TRUE(eventually([&] { return watches_.ready("u1"); }));
  EXPECT_EQ(watches_.config_map("ns", "x").error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::kubelet
