#include "sim/check/converged.h"

#include <gtest/gtest.h>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/core/v1/config_map.h"
#include "sim/net/client.h"

namespace mizzen::sim {
namespace {

/// A server without controllers, so that what is made stays as it is.
void with_server(const std::function<void(client::ApiClient&)>& f) {
  World world(1);
  world.faults.stop();
  world.fibers.run([&] {
    const auto storage = memory_storage(world);
    world.log = &storage->log();
    Server server(world, *storage);
    ASSERT_TRUE(server.start());
    {
      Client admin(world, server, "admin", {"admin", {"system:masters"}});
      f(admin);
    }
    server.crash();
  });
  EXPECT_EQ(world.violation(), "");
}

api::core::v1::ConfigMap config_map(const char* name) {
  api::core::v1::ConfigMap out;
  out.metadata.namespace_ = "default";
  out.metadata.name = name;
  return out;
}

TEST(Converged, WhatOutlivesItsOwnerIsLeftOver) {
  with_server([](client::ApiClient& api) {
    EXPECT_EQ(what_is_left_over(api), "");
    auto orphan = config_map("orphan");
    auto& owner = orphan.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Pod";
    owner.name = "gone";
    owner.uid = "a-uid-that-nobody-has";
    ASSERT_TRUE(client::create(api, orphan, {}).ok());
    EXPECT_EQ(what_is_left_over(api), "configmaps default/orphan has outlived its owner");
  });
}

TEST(Converged, WhatIsHeldWhileItGoesIsLeftOver) {
  with_server([](client::ApiClient& api) {
    auto held = config_map("held");
    held.metadata.finalizers = {"example.com/held"};
    ASSERT_TRUE(client::create(api, held, {}).ok());
    EXPECT_EQ(what_is_left_over(api), "");
    ASSERT_TRUE(client::remove<api::core::v1::ConfigMap>(api, "default", "held", {}, {}).ok());
    EXPECT_EQ(what_is_left_over(api), "configmaps default/held still terminates");
  });
}

TEST(Converged, ADeploymentThatNobodySawIsMissing) {
  with_server([](client::ApiClient& api) {
    EXPECT_EQ(what_is_missing(api), "");
    api::apps::v1::Deployment d;
    d.metadata.namespace_ = "default";
    d.metadata.name = "d";
    d.spec.selector.ensure().matchLabels.set("app", "d");
    d.spec.template_.metadata.labels.set("app", "d");
    d.spec.template_.spec.containers.emplace_back().name = "main";
    d.spec.template_.spec.containers[0].image = "registry.example.com/app:1";
    ASSERT_TRUE(client::create(api, d, {}).ok());
    EXPECT_EQ(what_is_missing(api), "Deployment default/d is not up to date");
  });
}

}  // namespace
}  // namespace mizzen::sim
