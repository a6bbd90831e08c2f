#include "api/go_text/go_diff.h"

#include <gtest/gtest.h>

namespace mizzen::api {
namespace {

TEST(GoDiff, ShowsChangesWithThreeLinesAround) {
  EXPECT_EQ(go_diff(R"({"a":1})", R"({"a":1})"), "");
  EXPECT_EQ(
      go_diff(R"({"a":1,"b":{"c":[],"d":"x,{}: \"y"},"e":null})", R"({"a":1,"b":{"c":[],"d":"z"},"e":null})"),
      "@@ -2,7 +2,7 @@\n"
      "  \"a\": 1,\n"
      "  \"b\": {\n"
      "   \"c\": [],\n"
      "-  \"d\": \"x,{}: \\\"y\"\n"
      "+  \"d\": \"z\"\n"
      "  },\n"
      "  \"e\": null\n"
      " }\n");
}

TEST(GoDiff, FarChangesStandApart) {
  std::string before = "[", after = "[";
  for (int i = 0; i < 20; ++i) {
    before += (i ? "," : "") + std::to_string(i);
    after += (i ? "," : "") + std::to_string(i == 2 || i == 17 ? 100 + i : i);
  }
  EXPECT_EQ(go_diff(before + "]", after + "]"),
            "@@ -1,7 +1,7 @@\n [\n  0,\n  1,\n- 2,\n+ 102,\n  3,\n  4,\n  5,\n"
            "@@ -16,7 +16,7 @@\n  14,\n  15,\n  16,\n- 17,\n+ 117,\n  18,\n  19\n ]\n");
}

TEST(GoDiff, OneSideMayBeEmptyThere) {
  EXPECT_EQ(go_diff("[1]", "[1,2]"), "@@ -1,3 +1,4 @@\n [\n- 1\n+ 1,\n+ 2\n ]\n");
  EXPECT_EQ(go_diff("null", "[]"), "@@ -1 +1 @@\n-null\n+[]\n");
}

}  // namespace
}  // namespace mizzen::api
