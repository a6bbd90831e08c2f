#include "machinery/patch/patch.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "machinery/object/object.h"
#include "machinery/schema/meta/v1/object_meta.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::machinery {
namespace {

codec::Value json(const char* text) { return *codec::Value::parse(text); }

TEST(StrategicPatch, NewItemsComeBeforeThoseThePatchDoesNotName) {
  const codec::Message& m = meta::v1::PartialObjectMetadata::descriptor();
  const auto uids = [&](const std::string& patch) {
    codec::Value doc = json(R"({"metadata":{"ownerReferences":[{"uid":"a"},{"uid":"b"},{"uid":"c"}]}})");
    EXPECT_TRUE(apply_strategic_patch(doc, json(("{\"metadata\":{" + patch + "}}").c_str()), m).ok())
        << patch;
    std::string out;
    for (const auto& o : doc.find("metadata")->find("ownerReferences")->items()) out += o.find("uid")->text();
    return out;
  };
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"x"}])"), "xabc");
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"b","name":"i"},{"uid":"x"}])"), "abxc");
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"c"},{"uid":"a"}])"), "bca");
  EXPECT_EQ(
      uids(
          R"("$setElementOrder/ownerReferences":[{"uid":"c"},{"uid":"x"},{"uid":"a"}],"ownerReferences":[{"uid":"x"}])"),
      "bcxa");
  EXPECT_EQ(uids(R"("ownerReferences":[{"$patch":"delete","uid":"b"}])"), "ac");
}

TEST(StrategicPatch, MergesByKeyOrdersAndDeletes) {
  const codec::Message& m = meta::v1::PartialObjectMetadata::descriptor();
  auto doc = json(
      R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"},{"uid":"3","name":"c"}],
    "finalizers":["x","y"],"labels":{"k":"v","l":"w"}}})");
  ASSERT_TRUE(
      apply_strategic_patch(
          doc, json(R"({"metadata":{"ownerReferences":[{"uid":"4","name":"d"},{"$patch":"delete","uid":"1"},
    {"uid":"2","name":"B"}],"$setElementOrder/ownerReferences":[{"uid":"4"},{"uid":"2"}],"finalizers":["z"],
    "$deleteFromPrimitiveList/finalizers":["x"],"labels":{"k":null,"n":"o"}}})"),
          m)
          .ok());
  EXPECT_EQ(doc.str(), R"({"metadata":{"finalizers":["z","y"],"labels":{"l":"w","n":"o"},"ownerReferences":)"
                       R"([{"name":"d","uid":"4"},{"name":"B","uid":"2"},{"name":"c","uid":"3"}]}})");
  ASSERT_TRUE(
      apply_strategic_patch(
          doc,
          json(
              R"({"metadata":{"labels":{"$patch":"replace","a":"b"},"ownerReferences":[{"$patch":"replace"}]}})"),
          m)
          .ok());
  EXPECT_EQ(doc.str(), R"({"metadata":{"finalizers":["z","y"],"labels":{"a":"b"},"ownerReferences":[]}})");
  EXPECT_FALSE(
      apply_strategic_patch(doc, json(R"({"metadata":{"ownerReferences":[{"name":"x"}]}})"), m).ok());
}

}  // namespace
}  // namespace mizzen::machinery
