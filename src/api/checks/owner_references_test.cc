#include "api/checks/owner_references.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

namespace mizzen::api {
namespace {

meta::v1::OwnerReference owner(const std::string& name, const std::string& uid) {
  meta::v1::OwnerReference out;
  out.apiVersion = "v1";
  out.kind = "Pod";
  out.name = name;
  out.uid = uid;
  return out;
}

TEST(OwnerReferences, TheFirstOfEqualsStays) {
  meta::v1::ObjectMeta meta;
  meta.ownerReferences = {owner("a", "1"), owner("b", "2"), owner("a", "1"),
                          owner("c", "1"), owner("b", "2"), owner("b", "2")};
  meta.ownerReferences[3].controller = true;
  EXPECT_EQ(drop_duplicate_owners(meta), (std::vector<std::string>{"1", "2", "2"}));
  ASSERT_EQ(meta.ownerReferences.size(), 3u);
  EXPECT_EQ(meta.ownerReferences[2].name, "c") << "the same uid alone does not make it the same";
  EXPECT_TRUE(drop_duplicate_owners(meta).empty());
}

/// CPU seconds for n references, all different or all of one uid; the least of three runs.
double seconds_for(size_t n, bool one_uid) {
  double best = 1e9;
  for (int run = 0; run < 3; ++run) {
    meta::v1::ObjectMeta meta;
    for (size_t i = 0; i < n; ++i)
      meta.ownerReferences.push_back(owner(std::to_string(i), one_uid ? "u" : std::to_string(i)));
    const std::clock_t began = std::clock();
    EXPECT_TRUE(drop_duplicate_owners(meta).empty());
    best = std::min(best, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
  }
  return best;
}

TEST(OwnerReferences, FourTimesAsManyCostAboutFourTimesAsMuch) {
  for (const bool one_uid : {false, true})
    EXPECT_LT(seconds_for(20'000, one_uid), std::max(0.002, seconds_for(5'000, one_uid)) * 11) << one_uid;
}

}  // namespace
}  // namespace mizzen::api
