#include "codec/tables/quantity.h"

#include <gtest/gtest.h>

#include "codec/json/tree.h"

namespace mizzen::codec {
namespace {

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

}  // namespace
}  // namespace mizzen::codec
