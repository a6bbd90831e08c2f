#include "api/kinds/core/config_map/config_map_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ConfigMapStrategy, ChecksKeysSizeAndImmutability) {
  const Checked maps("", "v1", "configmaps");
  const std::string key =
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
      " or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  expect_created(maps, {{R"({"data":{"a b":"x"}})", {"data[a b]: Invalid value: \"a b\": " + key}},
                        {R"({"data":{"..":"x"},"binaryData":{"..":"eA=="}})",
                         {"data[..]: Invalid value: \"..\": must not be '..'",
                          "binaryData[..]: Invalid value: \"..\": must not be '..'",
                          "data[..]: Invalid value: \"..\": duplicate of key present in binaryData"}}});
  EXPECT_EQ(maps.create(R"({"data":{"a":")" + std::string(1048577, 'x') + R"("}})"),
            Lines{"[]: Too long: may not be more than 1048576 bytes"});
  EXPECT_EQ(maps.create(R"({"data":{"a":")" + std::string(1048576, 'x') + R"("}})"), Lines());
  expect_updated(maps, {{R"({"immutable":true,"data":{"a":"b"}})",
                         R"({"data":{"a":"c"}})",
                         {"immutable: Forbidden: field is immutable when `immutable` is set",
                          "data: Forbidden: field is immutable when `immutable` is set"}},
                        {R"({"data":{"a":"b"}})", R"({"immutable":true,"data":{"a":"c"}})", {}}});
}

}  // namespace
}  // namespace mizzen::api
