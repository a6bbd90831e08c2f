#include "controllers/objects/garbage/controller.h"

#include "controllers/testing/cluster.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::ConfigMap;

class GarbageCluster : public testing::Cluster {
 protected:
  GarbageCluster() : Cluster(garbage::make_garbage_collector) {}
  static ConfigMap named(const std::string& name, const client::Object& owner = {}) {
    ConfigMap out;
    out.metadata.namespace_ = "default";
    out.metadata.name = name;
    if (!owner) return out;
    auto& reference = out.metadata.ownerReferences.emplace_back();
    reference.apiVersion = "test.dev/v1";
    reference.kind = "Widget";
    reference.name = owner.meta().name;
    reference.uid = owner.meta().uid;
    return out;
  }
  bool remove(const api::ResourceInfo& resource, const std::string& name) {
    meta::v1::DeleteOptions options;
    options.propagationPolicy = "Background";
    return api_.remove(resource, "default", name, options, client::Call()).ok();
  }
  const api::ResourceInfo& configs_ = api::resource_of<ConfigMap>();
};

TEST_F(GarbageCluster, OwnersOfAResourceThatCameLaterCount) {
  const auto widgets = add_widgets();
  const auto owner = create(*widgets, named("owner"));
  create(configs_, named("owned", owner));
  create(*widgets, named("owned-too", owner));
  pause(std::chrono::milliseconds(100));
  EXPECT_TRUE(there(configs_, "default", "owned")) << "while its owner is there";
  EXPECT_TRUE(remove(*widgets, "owner"));
  EXPECT_TRUE(soon([&] { return !there(configs_, "default", "owned"); }));
  EXPECT_TRUE(soon([&] { return !there(*widgets, "default", "owned-too"); }));
}

TEST_F(GarbageCluster, NothingGoesBecauseItsOwnersResourceWent) {
  auto widgets = add_widgets();
  const auto owner = create(*widgets, named("owner"));
  create(configs_, named("owned", owner));
  ASSERT_TRUE(resources_.remove(*widgets).ok());
  EXPECT_FALSE(there(*widgets, "default", "owner"));
  pause(std::chrono::milliseconds(300));
  EXPECT_TRUE(there(configs_, "default", "owned")) << "nobody knows whether its owner is gone";
  // The resource comes again, with the owner still in the store: what was missed is caught up with.
  widgets = add_widgets();
  EXPECT_TRUE(there(*widgets, "default", "owner"));
  EXPECT_TRUE(remove(*widgets, "owner"));
  EXPECT_TRUE(soon([&] { return !there(configs_, "default", "owned"); }));
}

}  // namespace
}  // namespace mizzen::controllers
