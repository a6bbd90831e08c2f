#include "codec/json/json_reader.h"

#include <gtest/gtest.h>

#include "codec/json/json_text.h"
#include "codec/json/tree.h"

namespace mizzen::codec {
namespace {

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

}  // namespace
}  // namespace mizzen::codec
