#include <gtest/gtest.h>

#include "codec/json/json_reader.h"
#include "codec/json/json_text.h"
#include "codec/json/tree.h"
#include "codec/tables/quantity.h"
#include "codec/tables/values.h"
#include "codec/yaml/yaml.h"

namespace mizzen::codec {

TEST(Quantity, PrintsUpstreamsCanonicalForm) {
  const std::pair<const char*, const char*> rows[] = {
      {"0", "0"},         {"1", "1"},
      {"1000m", "1"},     {"1500m", "1500m"},
      {"0.5", "500m"},    {"1.5Gi", "1536Mi"},
      {"1024Ki", "1Mi"},  {"1024", "1024"},
      {"1000", "1k"},     {"1500", "1500"},
      {"12e6", "12e6"},   {"1e3", "1e3"},
      {"100000", "100k"}, {"0Ki", "0"},
      {"512Ki", "512Ki"}, {"1.25Ki", "1280"},
      {"-1.5", "-1500m"}, {"0.0000000001", "1n"},
      {"5E", "5E"},       {"9223372036854775808", "9223372036854775807"},
      {"100Mi", "100Mi"}, {"+2", "2"},
      {".5", "500m"},     {"1.", "1"},
      {".", "0"},         {"Gi", "0"}};
  for (const auto& [in, out] : rows) {
    const auto q = Quantity::parse(in);
    ASSERT_TRUE(q.ok()) << in;
    EXPECT_EQ(q->text(), out) << in;
  }
  for (const char* bad : {"", "x", "1x", "1.2.3", "--1", "1e", "1ki", "0x10", "NaN", " 1", ".Ei"})
    EXPECT_FALSE(Quantity::parse(bad).ok()) << bad;
}
TEST(Quantity, ArithmeticRoundsUpAndKeepsItsFormat) {
  const auto q = [](const char* s) { return *Quantity::parse(s); };
  EXPECT_EQ(q("100m").value(), 1);
  EXPECT_EQ(q("1500m").milli_value(), 1500);
  EXPECT_EQ(q("1Gi").plus(q("1Mi")).text(), "1025Mi");
  EXPECT_EQ(q("1").minus(q("250m")).text(), "750m");
  EXPECT_EQ(q("1Ki").compare(q("1024")), 0);
  EXPECT_LT(q("999m").compare(q("1")), 0);
}
TEST(Time, ReadsOffsetsAndPrintsUtc) {
  EXPECT_EQ(format_time(*parse_time("2006-01-02T15:04:05+07:00")), "2006-01-02T08:04:05Z");
  EXPECT_EQ(format_micro_time(*parse_time("2006-01-02T15:04:05.123456789Z")), "2006-01-02T15:04:05.123456Z");
  EXPECT_EQ(format_time(*parse_time("2000-02-29T00:00:00Z")), "2000-02-29T00:00:00Z");
  EXPECT_EQ(format_time(*parse_time("1969-12-31T23:59:59Z")), "1969-12-31T23:59:59Z");
  EXPECT_FALSE(parse_time("0001-01-01T00:00:00Z")->is_set());
  for (const char* bad : {"", "2006-01-02", "2006-13-02T15:04:05Z", "2001-02-29T00:00:00Z",
                          "2006-01-02T15:04:05", "2006-01-02T15:04:05.Z"})
    EXPECT_FALSE(parse_time(bad).ok()) << bad;
}
TEST(GoDuration, RoundTripsGoForms) {
  for (const char* s : {"0s", "1ns", "1.5ms", "1m0s", "1h2m3.5s", "-1m30s", "336h0m0s"})
    EXPECT_EQ(format_go_duration(*parse_go_duration(s)), s);
  EXPECT_EQ(*parse_go_duration("1.5h"), 5'400'000'000'000);
  for (const char* bad : {"", "1", "h", "1x", "9999999h999999999h"})
    EXPECT_FALSE(parse_go_duration(bad).ok()) << bad;
}
TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const char* bad : {"",     "{",       "[1,]",        "{\"a\":1,}", "{\"a\" 1}", "01",    "1.",  "-",
                          "tru",  "\"\\x\"", "\"\\u12g4\"", "\"\n\"",     "[1 2]",     "{a:1}", "nul", "\"",
                          "\"\\", "1 2",     "{\"a\":}",    "+1",         ".5",        "1e"})
    EXPECT_FALSE(compact_json(bad).ok()) << bad;
  EXPECT_FALSE(compact_json(std::string(100'000, '[')).ok());
}
TEST(JsonReader, CompactsAndKeepsStrings) {
  EXPECT_EQ(*compact_json(" { \"a b\" : [ 1 , \" \\\" \" , { } ] } "), "{\"a b\":[1,\" \\\" \",{}]}");
}
TEST(Value, UnescapesAndReplacesInvalidUnicode) {
  EXPECT_EQ(Value::parse("\"\\u00e9\\ud83d\\ude00\\ud800\"")->text(), "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd");
  EXPECT_EQ(Value::parse("\"a\x80z\"")->text(), "a\xef\xbf\xbdz");
  EXPECT_EQ(Value::string("<a>&\n\xe2\x80\xa8").str(), "\"\\u003ca\\u003e\\u0026\\n\\u2028\"");
}
TEST(JsonText, DoublesPrintAsGoPrintsThem) {
  const std::pair<double, const char*> rows[] = {
      {0, "0"},       {1.5, "1.5"},           {1e21, "1e+21"},       {1e20, "100000000000000000000"},
      {1e-7, "1e-7"}, {-2.5e-10, "-2.5e-10"}, {0.000001, "0.000001"}};
  for (const auto& [in, out] : rows) {
    std::string s;
    append_json_double(s, in);
    EXPECT_EQ(s, out);
  }
}
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

}  // namespace mizzen::codec
