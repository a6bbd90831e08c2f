#include "rest/discovery/registry_of.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "rest/discovery/discover.h"
#include "rest/testing/scripted_server.h"

namespace mizzen::rest {
namespace {

ServedResource served(const std::string& group, const std::string& version, const std::string& plural,
                      const std::string& kind) {
  return {group, version, plural, "", kind, true, {"get", "list", "watch", "delete"}};
}

api::RegistryPtr registry(const std::vector<ServedResource>& what, const api::RegistryPtr& now) {
  api::ResourceCatalog catalog(now);
  const RegistrySteps steps = steps_to(what, *api::builtin(), *now);
  for (const auto& r : steps.remove) EXPECT_TRUE(catalog.remove(*r).ok());
  for (const auto& r : steps.add) EXPECT_TRUE(catalog.add(r).ok());
  return catalog.registry();
}
const api::RegistryPtr kNothing = std::make_shared<const api::Registry>();

TEST(RegistryOf, KnownResourcesAreSpokenInAVersionThatIsServed) {
  const auto r = registry({served("", "v1", "pods", "Pod"),
                           served("discovery.k8s.io", "v1beta1", "endpointslices", "EndpointSlice")},
                          kNothing);
  const api::ResourceInfo* pods = r->find("", "v1", "pods");
  ASSERT_TRUE(pods);
  EXPECT_EQ(pods->versions[pods->spoken].api_version(), "v1");
  const api::ResourceInfo* slices = r->find("discovery.k8s.io", "v1beta1", "endpointslices");
  ASSERT_TRUE(slices);
  EXPECT_EQ(slices->versions[slices->spoken].api_version(), "discovery.k8s.io/v1beta1");
  EXPECT_FALSE(r->find("", "v1", "configmaps")) << "not served";
}

TEST(RegistryOf, OfUnknownOnesTheMetadataIsKnown) {
  ServedResource silent = served("x.io", "v1", "reviews", "Review");
  silent.verbs = {"create"};
  const auto r =
      registry({served("x.io", "v2", "widgets", "Widget"), served("x.io", "v1", "widgets", "Widget"), silent},
               kNothing);
  const api::ResourceInfo* widgets = r->find("x.io", "v2", "widgets");
  ASSERT_TRUE(widgets);
  EXPECT_EQ(&widgets->message(), &meta::v1::PartialObjectMetadata::descriptor());
  EXPECT_FALSE(r->find("x.io", "v1", "widgets")) << "one version is enough";
  EXPECT_FALSE(r->find("x.io", "v1", "reviews")) << "cannot be listed";
}

TEST(RegistryOf, WhatDoesNotChangeStays) {
  const auto pods = served("", "v1", "pods", "Pod");
  const auto before = registry({pods, served("x.io", "v1", "widgets", "Widget")}, kNothing);
  const auto after = registry({pods, served("x.io", "v2", "widgets", "Widget")}, before);
  EXPECT_EQ(before->find("", "v1", "pods"), after->find("", "v1", "pods"));
  EXPECT_FALSE(after->find("x.io", "v1", "widgets"));
  EXPECT_TRUE(after->find("x.io", "v2", "widgets"));
  EXPECT_EQ(registry({pods}, after)->find("x.io", "v2", "widgets"), nullptr);
}

using DiscoverTest = testing::ScriptedServer;

TEST_F(DiscoverTest, AnOldServerIsAskedVersionByVersion) {
  script("/api", {.body = R"({"kind":"APIVersions","versions":["v1"]})"});
  script("/apis", {.body = R"({"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[
    {"groupVersion":"apps/v1beta1","version":"v1beta1"},{"groupVersion":"apps/v1","version":"v1"}],
    "preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]})"});
  const auto one = [](const std::string& version, const std::string& name, const std::string& kind) {
    return R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":")" + version +
           R"(","resources":[{"name":")" + name + R"(","singularName":"","namespaced":true,"kind":")" + kind +
           R"(","verbs":["get","list","watch"]},{"name":")" + name +
           R"(/status","singularName":"","namespaced":true,"kind":")" + kind + R"(","verbs":["get"]}]})";
  };
  script("/api/v1", {.body = one("v1", "pods", "Pod")});
  script("/apis/apps/v1", {.body = one("apps/v1", "deployments", "Deployment")});
  script("/apis/apps/v1beta1", {.body = one("apps/v1beta1", "deployments", "Deployment")});
  Sender sender(loops_, runtime_, config());
  const auto found = discover(sender, client::Call());
  ASSERT_TRUE(found.ok()) << found.error().message();
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].plural, "pods");
  EXPECT_EQ((*found)[1].version, "v1") << "the preferred version comes first";
  EXPECT_TRUE((*found)[1].allows("watch"));
  EXPECT_FALSE((*found)[1].allows("delete"));
}

TEST_F(DiscoverTest, AGroupThatCannotBeReadIsAnError) {
  script("/api", {.body = R"({"kind":"APIVersions","versions":["v1"]})"});
  script("/api/v1", {.status = 503, .body = "away"});
  Sender sender(loops_, runtime_, config());
  const auto found = discover(sender, client::Call());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), Code::ServiceUnavailable);
}

}  // namespace
}  // namespace mizzen::rest
