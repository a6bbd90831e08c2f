#include "controllers/objects/garbage/graph.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mizzen::controllers
