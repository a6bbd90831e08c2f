#include "machinery/patch/patch.h"

#include <gtest/gtest.h>

#include "machinery/object/object.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::machinery {
namespace {

codec::Value json(const char* text) { return *codec::Value::parse(text); }

TEST(JsonPatch, CarriesOutEveryOperation) {
  auto doc = json(R"({"a":[1,2],"b":{"c":"x"}})");
  ASSERT_TRUE(
      apply_json_patch(doc, json(R"([{"op":"add","path":"/a/1","value":9},{"op":"remove","path":"/b/c"},
    {"op":"add","path":"/b/d~1e","value":null},{"op":"copy","from":"/a/0","path":"/z"},{"op":"move","from":"/z","path":"/a/-"},
    {"op":"replace","path":"/a/0","value":"r"},{"op":"test","path":"/a/1","value":9}])"))
          .ok());
  EXPECT_EQ(doc.str(), R"({"a":["r",9,2,1],"b":{"d/e":null}})");
  for (const char* bad : {R"([{"op":"remove","path":"/q"}])", R"([{"op":"test","path":"/a/0","value":0}])",
                          R"([{"op":"add","path":"/a/07","value":0}])",
                          R"([{"op":"replace","path":"/b/q","value":0}])", R"([{"op":"jump","path":"/b"}])"})
    EXPECT_EQ(apply_json_patch(doc, json(bad)).error().code(), Code::Invalid) << bad;
  EXPECT_EQ(apply_json_patch(doc, json("{}")).error().code(), Code::BadRequest);
}

TEST(MergePatch, NullRemovesAndListsReplace) {
  auto doc = json(R"({"a":{"b":1,"c":[1]},"d":2})");
  apply_merge_patch(doc, json(R"({"a":{"b":null,"c":[2,3],"e":{"f":null,"g":1}},"d":{"h":1}})"));
  EXPECT_EQ(doc.str(), R"({"a":{"c":[2,3],"e":{"g":1}},"d":{"h":1}})");
}

}  // namespace
}  // namespace mizzen::machinery
