#include "controllers/objects/garbage/decide.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/apps/v1/deployment.h"

namespace mizzen::controllers::garbage {
namespace {

using Action = Plan::Action;
using enum OwnerState;

TEST(GarbageDecide, AnObjectGoesWithTheLastOfItsOwners) {
  struct Row {
    const char* why;
    Situation situation;
    Plan plan;
  };
  const Row rows[] = {
      {"no owners", {}, {}},
      {"its owner is there", {.owners = {{"a", Solid}}}, {}},
      {"its owner is gone", {.owners = {{"a", Dangling}}}, {Action::Delete, {}, "Background"}},
      {"all are gone", {.owners = {{"a", Dangling}, {"b", Dangling}}}, {Action::Delete, {}, "Background"}},
      {"one of two is gone", {.owners = {{"a", Dangling}, {"b", Solid}}}, {Action::DropOwners, {"a"}}},
      {"one is gone, one waits, one is there",
       {.owners = {{"a", Waiting}, {"b", Dangling}, {"c", Solid}}},
       {Action::DropOwners, {"b", "a"}}},
      {"a kind nobody knows", {.owners = {{"a", Dangling}, {"b", Unserved}}}, {}},
      {"no answer", {.owners = {{"a", Dangling}, {"b", Unreachable}}}, {Action::TryLater}},
      {"no answer, and a kind nobody knows", {.owners = {{"a", Unreachable}, {"b", Unserved}}}, {}},
      {"its owner waits, it owns nothing", {.owners = {{"a", Waiting}}}, {Action::Delete, {}, "Background"}},
      {"its owner waits, it owns something",
       {.owners = {{"a", Waiting}}, .has_dependents = true},
       {Action::Delete, {}, "Foreground"}},
      {"a circle of waiting",
       {.owners = {{"a", Waiting}}, .has_dependents = true, .dependents_wait = true},
       {Action::Delete, {}, "Foreground", true}},
      {"its finalizer orphans",
       {.owners = {{"a", Dangling}}, .finalizers = {"x", "orphan"}},
       {Action::Delete, {}, "Orphan"}},
      {"its finalizer waits",
       {.owners = {{"a", Dangling}}, .finalizers = {"foregroundDeletion"}},
       {Action::Delete, {}, "Foreground"}},
  };
  for (const Row& row : rows) EXPECT_EQ(decide(row.situation), row.plan) << row.why;
}

TEST(GarbageDecide, AnOwnerInAnotherNamespaceIsTold) {
  Graph graph;
  Node owner;
  owner.resource = api::resource_of<api::apps::v1::Deployment>().share();
  owner.namespace_ = "b";
  owner.name = "d";
  owner.uid = "u";
  graph.put(owner);
  Node dependent;
  dependent.namespace_ = "a";
  auto& reference = dependent.owners.emplace_back();
  reference.apiVersion = "apps/v1";
  reference.kind = "Deployment";
  reference.name = "d";
  reference.uid = "u";
  dependent.owners.emplace_back().uid = "never seen";
  const auto found = misplaced_owners(graph, dependent);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(misplaced_owner_message(found[0], "a"),
            "ownerRef [apps/v1/Deployment, namespace: a, name: d, uid: u] does not exist in namespace \"a\"");
  dependent.namespace_ = "b";
  EXPECT_TRUE(misplaced_owners(graph, dependent).empty());
}

}  // namespace
}  // namespace mizzen::controllers::garbage
