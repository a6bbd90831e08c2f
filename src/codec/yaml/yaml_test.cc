#include "codec/yaml/yaml.h"

#include <gtest/gtest.h>

#include "codec/json/json_reader.h"
#include "codec/json/tree.h"
#include "codec/tables/quantity.h"
#include "codec/tables/values.h"

namespace mizzen::codec {
namespace {

TEST(Yaml, ResolvesScalarsByYaml11) {
  EXPECT_EQ(
      (*yaml_to_json("a: yes\nb: 0777\nc: 1.50\nd: '1'\ne: ~\nf: 2001-01-01\ng: 1_000\n1: x\nh: 0x1F\ni: "
                     "-5\nj: 1e3\nk: .5\n"))[0],
      R"({"1":"x","a":true,"b":511,"c":1.5,"d":"1","e":null,"f":"2001-01-01","g":1000,"h":31,"i":-5,"j":1000,"k":0.5})");
}

TEST(Yaml, TakesStreamsAnchorsMergesAndComments) {
  const auto docs =
      yaml_to_json("# only a comment\n---\na: &x {k: 1, l: 2}\nb: *x\nc:\n  <<: *x\n  k: 3\n---\n---\n- z\n");
  ASSERT_TRUE(docs.ok()) << docs.error().message();
  ASSERT_EQ(docs->size(), 2u);
  EXPECT_EQ((*docs)[0], R"({"a":{"k":1,"l":2},"b":{"k":1,"l":2},"c":{"k":3,"l":2}})");
  EXPECT_EQ((*docs)[1], R"(["z"])");
}

TEST(Yaml, BombsAndDepthAreRefusedInBoundedMemory) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string prev = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + prev;
    for (int j = 0; j < 9; ++j) bomb += "," + prev;
    bomb += "]\n";
  }
  EXPECT_FALSE(yaml_to_json(bomb).ok());
  EXPECT_FALSE(yaml_to_json(std::string(10'000, '[')).ok());
  EXPECT_FALSE(yaml_to_json("a: *nope").ok());
  EXPECT_FALSE(yaml_to_json("a: b: c").ok());
}

TEST(Yaml, PrintsBlockStyleThatReadsBackEqual) {
  const std::string json =
      R"({"b":[1,{"x":"yes","y":[]},[2,3]],"a":{"m":"line\nbreak","n":"","o":null,"p":"plain text"},"c":"10"})";
  const auto yaml = json_to_yaml(json);
  ASSERT_TRUE(yaml.ok());
  EXPECT_TRUE(*Value::parse((*yaml_to_json(*yaml))[0]) == *Value::parse(json)) << *yaml;
}

}  // namespace
}  // namespace mizzen::codec
