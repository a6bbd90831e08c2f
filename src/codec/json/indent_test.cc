#include "codec/json/indent.h"

#include <gtest/gtest.h>

namespace mizzen::codec {
namespace {

TEST(Indent, OneMemberALineAndStringsAsTheyAre) {
  EXPECT_EQ(indent_json(R"({"a":[1,{"b":"x,{}:\"y"}],"c":{},"d":[]})", 2),
            R"({
  "a": [
    1,
    {
      "b": "x,{}:\"y"
    }
  ],
  "c": {},
  "d": []
})");
  EXPECT_EQ(indent_json(R"({"a":1})", 1), "{\n \"a\": 1\n}");
  EXPECT_EQ(indent_json("null", 2), "null");
}

}  // namespace
}  // namespace mizzen::codec
