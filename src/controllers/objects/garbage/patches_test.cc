#include "controllers/objects/garbage/patches.h"

#include <gtest/gtest.h>

#include <string>

namespace mizzen::controllers::garbage {
namespace {

meta::v1::ObjectMeta live() {
  meta::v1::ObjectMeta out;
  out.uid = "me";
  out.resourceVersion = "7";
  for (const char* uid : {"a", "b"}) {
    auto& owner = out.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "K";
    owner.name = uid;
    owner.uid = uid;
    owner.blockOwnerDeletion = owner.uid == "a";
  }
  return out;
}

const std::string kA = R"({"apiVersion":"v1","kind":"K","name":"a","uid":"a","blockOwnerDeletion":false})";
const std::string kB = R"({"apiVersion":"v1","kind":"K","name":"b","uid":"b","blockOwnerDeletion":false})";

TEST(OwnerPatches, StrategicOnesNameWhatChanges) {
  EXPECT_EQ(drop_owners_strategic("me", {"a", "b"}),
            R"({"metadata":{"uid":"me","ownerReferences":[{"$patch":"delete","uid":"a"},)"
            R"({"$patch":"delete","uid":"b"}]}})");
  EXPECT_EQ(unblock_strategic(live()),
            R"({"metadata":{"uid":"me","ownerReferences":[{"uid":"a","blockOwnerDeletion":false}]}})");
  auto free = live();
  free.ownerReferences[0].blockOwnerDeletion = {};
  EXPECT_EQ(unblock_strategic(free), "");
}

TEST(OwnerPatches, MergePatchesWriteTheListOfOneVersion) {
  const std::string head = R"({"metadata":{"resourceVersion":"7","ownerReferences":)";
  EXPECT_EQ(drop_owners_merge(live(), {"a", "gone"}), head + "[" + kB + "]}}");
  EXPECT_EQ(drop_owners_merge(live(), {"a", "b"}), head + "null}}");
  EXPECT_EQ(unblock_merge(live()), head + "[" + kA + "," + kB + "]}}");
}

}  // namespace
}  // namespace mizzen::controllers::garbage
