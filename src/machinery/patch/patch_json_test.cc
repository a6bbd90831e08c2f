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
                          R"([{"op":"add","path":"","value":{}}])", R"([{"op":"jump","path":"/b"}])"}) {
    const auto r = apply_json_patch(doc, json(bad));
    ASSERT_FALSE(r.ok()) << bad;
    EXPECT_EQ(r.error().code(), Code::Invalid) << bad;
  }
}

TEST(JsonPatch, IndicesCountFromTheEndAndMissingMembersAreSet) {
  auto doc = json(R"({"a":[1,2,3],"b":{}})");
  ASSERT_TRUE(apply_json_patch(doc, json(R"([{"op":"replace","path":"/b/q","value":0},
    {"op":"remove","path":"/a/-1"},{"op":"add","path":"/a/-1","value":9},{"op":"copy","from":"/none","path":"/c"}])"))
                  .ok());
  EXPECT_EQ(doc.str(), R"({"a":[1,2,9],"b":{"q":0},"c":null})");
}

TEST(JsonPatch, WorkAndCopiesAreBounded) {
  std::string items = "[0";
  for (int i = 0; i < 100'000; ++i) items += ",0";
  auto doc = json(("{\"a\":" + items + "]}").c_str());
  std::string ops = R"([{"op":"test","path":"/x"})";
  for (int i = 0; i < 5'000; ++i) ops += R"(,{"op":"add","path":"/a/0","value":1})";
  EXPECT_FALSE(apply_json_patch(doc, json((ops + "]").c_str())).ok());
  auto text = json(("{\"a\":\"" + std::string(1'000'000, 'x') + "\"}").c_str());
  const char* copies = R"([{"op":"copy","from":"/a","path":"/b"},{"op":"copy","from":"/a","path":"/c"},
    {"op":"copy","from":"/a","path":"/d"},{"op":"copy","from":"/a","path":"/e"}])";
  EXPECT_FALSE(apply_json_patch(text, json(copies)).ok());
}

TEST(MergePatch, NullRemovesAndListsReplace) {
  auto doc = json(R"({"a":{"b":1,"c":[1]},"d":2})");
  apply_merge_patch(doc, json(R"({"a":{"b":null,"c":[2,3],"e":{"f":null,"g":1}},"d":{"h":1}})"));
  EXPECT_EQ(doc.str(), R"({"a":{"c":[2,3],"e":{"g":1}},"d":{"h":1}})");
}

}  // namespace
}  // namespace mizzen::machinery
