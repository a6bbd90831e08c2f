#include "controllers/objects/garbage/controller.h"

#include "controllers/testing/cluster.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::ConfigMap;
using machinery::Object;

/// Refuses strategic merge patches, as kube-apiserver does for custom resources.
class NoStrategicPatches final : public client::ApiClient {
 public:
  explicit NoStrategicPatches(client::ApiClient& api) : api_(api) {}
  api::RegistryPtr registry() const override { return api_.registry(); }
  Result<Object> get(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                     const client::Call& call) override {
    return api_.get(resource, ns, name, call);
  }
  Result<client::ObjectList> list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call& call) override {
    return api_.list(resource, options, call);
  }
  std::unique_ptr<client::Watch> watch(const api::ResourceInfo& resource, const client::ListOptions& options,
                                       client::WatchSink sink) override {
    return api_.watch(resource, options, std::move(sink));
  }
  Result<Object> create(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override {
    return api_.create(resource, object, options, call);
  }
  Result<Object> update(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override {
    return api_.update(resource, object, options, call);
  }
  Result<Object> patch(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                       client::PatchType type, const std::string& body, const client::WriteOptions& options,
                       const client::Call& call) override {
    if (type == client::PatchType::Strategic) return Error(Code::UnsupportedMediaType, "not for these");
    return api_.patch(resource, ns, name, type, body, options, call);
  }
  Result<Object> remove(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                        const meta::v1::DeleteOptions& options, const client::Call& call) override {
    return api_.remove(resource, ns, name, options, call);
  }

 private:
  client::ApiClient& api_;
};

class GarbageCluster : public testing::Cluster {
 protected:
  explicit GarbageCluster(const Between& between = nullptr)
      : Cluster(garbage::make_garbage_collector, between) {}
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
  bool remove(const api::ResourceInfo& resource, const std::string& name,
              const std::string& policy = "Background") {
    meta::v1::DeleteOptions options;
    options.propagationPolicy = policy;
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

class CustomGarbageCluster : public GarbageCluster {
 protected:
  CustomGarbageCluster()
      : GarbageCluster([](client::ApiClient& api) { return std::make_unique<NoStrategicPatches>(api); }) {}
  std::string owners_of(const api::ResourceInfo& resource, const std::string& name) {
    const auto live = api_.get(resource, "default", name, client::Call());
    if (!live.ok()) return "gone";
    std::string out;
    for (const auto& owner : live->meta().ownerReferences)
      out += owner.name + (owner.blockOwnerDeletion.value_or(false) ? "! " : " ");
    return out;
  }
};

TEST_F(CustomGarbageCluster, OrphansLoseTheirOwnerWithoutStrategicPatches) {
  const auto widgets = add_widgets();
  const auto owner = create(*widgets, named("owner")), other = create(*widgets, named("other"));
  ConfigMap owned = named("owned", owner);
  owned.metadata.ownerReferences.push_back(named("", other).metadata.ownerReferences[0]);
  create(*widgets, std::move(owned));
  EXPECT_TRUE(remove(*widgets, "owner", "Orphan"));
  EXPECT_TRUE(soon([&] { return !there(*widgets, "default", "owner"); }));
  EXPECT_EQ(owners_of(*widgets, "owned"), "other ");
  EXPECT_TRUE(remove(*widgets, "other", "Orphan"));
  EXPECT_TRUE(soon([&] { return !there(*widgets, "default", "other"); }));
  EXPECT_EQ(owners_of(*widgets, "owned"), "");
}

TEST_F(CustomGarbageCluster, OneOfTwoOwnersGoesWithoutStrategicPatches) {
  const auto widgets = add_widgets();
  const auto owner = create(*widgets, named("owner")), other = create(*widgets, named("other"));
  ConfigMap owned = named("owned", owner);
  owned.metadata.ownerReferences.push_back(named("", other).metadata.ownerReferences[0]);
  create(*widgets, std::move(owned));
  EXPECT_TRUE(remove(*widgets, "owner"));
  EXPECT_TRUE(soon([&] { return owners_of(*widgets, "owned") == "other "; })) << owners_of(*widgets, "owned");
}

}  // namespace
}  // namespace mizzen::controllers
