#include "controllers/objects/garbage/graph.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/secret.h"

namespace mizzen::controllers {
namespace {

TEST(GarbageGraph, TouchesWhoIsConcerned) {
  garbage::Graph graph;
  const auto owned = [](const std::string& uid, std::initializer_list<const char*> owners) {
    garbage::Node n;
    n.uid = uid;
    for (const char* o : owners) n.owners.emplace_back().uid = o;
    return n;
  };
  EXPECT_EQ(graph.put(owned("child", {"parent"})), (std::set<std::string>{"child", "parent"}));
  EXPECT_EQ(graph.put(owned("child", {"parent"})), std::set<std::string>()) << "a heartbeat";
  EXPECT_EQ(graph.dependents("parent").size(), 1u) << "also of an owner that was not seen";
  EXPECT_EQ(graph.put(owned("parent", {})), (std::set<std::string>{"parent"}));
  auto going = owned("parent", {});
  going.deleting = true;
  EXPECT_EQ(graph.put(going), (std::set<std::string>{"parent", "child"}));
  EXPECT_EQ(graph.put(owned("child", {"other"})), (std::set<std::string>{"child", "parent", "other"}));
  EXPECT_TRUE(graph.dependents("parent").empty());
  EXPECT_EQ(graph.remove("other"), (std::set<std::string>{"child"}));
  EXPECT_EQ(graph.remove("child"), (std::set<std::string>{"other"}));
  EXPECT_EQ(graph.find("child"), nullptr);
}

TEST(GarbageGraph, FollowsResourcesThatComeAndGo) {
  garbage::Graph graph;
  const auto& configs = api::resource_of<api::core::v1::ConfigMap>();
  const auto& secrets = api::resource_of<api::core::v1::Secret>();
  const auto put = [&](const std::string& uid, const api::ResourceInfo& resource, const std::string& kind) {
    garbage::Node n;
    n.uid = uid;
    n.resource = resource.share();
    if (!kind.empty()) {
      auto& owner = n.owners.emplace_back();
      owner.uid = "owner";
      owner.apiVersion = "v1";
      owner.kind = kind;
    }
    (void)graph.put(n);
  };
  put("owner", configs, "");
  put("a", secrets, "ConfigMap");
  put("b", configs, "Secret");
  EXPECT_EQ(graph.owned_by(configs), (std::set<std::string>{"a"}));
  EXPECT_EQ(graph.owned_by(secrets), (std::set<std::string>{"b"}));
  EXPECT_EQ(graph.retain(configs, {"owner"}), (std::set<std::string>{"owner"})) << "b went unseen";
  put("b", configs, "Secret");
  EXPECT_EQ(graph.remove_all(configs), (std::set<std::string>{"a", "owner"})) << "whom it leaves behind";
  EXPECT_EQ(graph.find("owner"), nullptr);
  EXPECT_EQ(graph.dependents("owner").size(), 1u) << "the secret waits for what becomes of its owner";
}

}  // namespace
}  // namespace mizzen::controllers
