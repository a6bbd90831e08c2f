#include "controllers/objects/namespaces/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers::namespaces {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::vector<std::string> lines(const Namespace& ns) {
  std::vector<std::string> out;
  for (const auto& c : ns.status.conditions)
    out.push_back(c.type + "=" + c.status + " " + c.reason + ": " + c.message);
  return out;
}

TEST(NamespacesDecide, ConditionsSayWhatItWaitsFor) {
  Content content;
  content.left = 2;
  content.resources = "pods. has 2 resource instances";
  content.finalizers = finalizers_text({{"example.com/x", 1}, {"example.com/y", 2}});
  const auto waiting = judged_status(Namespace(), content, kNow);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(lines(*waiting),
            (std::vector<std::string>{
                "NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may "
                "be waiting on finalization",
                "NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: pods. has "
                "2 resource instances",
                "NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has "
                "finalizers remaining: example.com/x in 1 resource instances, example.com/y in 2 resource "
                "instances"}));
  EXPECT_FALSE(judged_status(*waiting, content, kNow + std::chrono::hours(1))) << "told once";
}

TEST(NamespacesDecide, TransitionTimeMovesOnlyWithTheStatus) {
  Content content;
  content.failure = "no answer";
  const auto failed = judged_status(Namespace(), content, kNow);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status.conditions[0].message,
            "Failed to delete all resource types, 1 remaining: no answer");
  content.failure = "still no answer";
  const auto again = judged_status(*failed, content, kNow + std::chrono::hours(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status.conditions[0].lastTransitionTime, codec::Time::from(kNow));
  const auto well = judged_status(*again, Content(), kNow + std::chrono::hours(2));
  ASSERT_TRUE(well);
  EXPECT_EQ(well->status.conditions[0].status, "False");
  EXPECT_EQ(well->status.conditions[0].lastTransitionTime, codec::Time::from(kNow + std::chrono::hours(2)));
}

TEST(NamespacesDecide, FourNamespacesAlwaysExist) {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    EXPECT_TRUE(is_system(name)) << name;
  for (const char* name : {"", "kube", "kube-mine", "defaults"}) EXPECT_FALSE(is_system(name)) << name;
}

}  // namespace
}  // namespace mizzen::controllers::namespaces
