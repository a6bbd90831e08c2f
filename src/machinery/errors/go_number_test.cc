#include "machinery/errors/go_number.h"

#include <gtest/gtest.h>

namespace mizzen::machinery {
namespace {

std::string error_of(const auto& result) { return result.ok() ? "" : result.error().message(); }

TEST(GoNumber, NumbersAndWhatIsNone) {
  EXPECT_EQ(*go_uint("007"), 7u);
  EXPECT_EQ(*go_uint("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(*go_int("+5"), 5);
  EXPECT_EQ(*go_int("-9223372036854775808"), INT64_MIN);
  for (const char* bad : {"", "+1", "-1", " 1", "1 ", "1_0", "0x1", "1.0", "abc"})
    EXPECT_EQ(error_of(go_uint(bad)),
              std::string("strconv.ParseUint: parsing \"") + bad + "\": invalid syntax");
  for (const char* bad : {"", "+", "-", "+-1", "--1", "++1", "1_0", "abc"})
    EXPECT_EQ(error_of(go_int(bad)),
              std::string("strconv.ParseInt: parsing \"") + bad + "\": invalid syntax");
  EXPECT_EQ(error_of(go_uint("18446744073709551616")),
            "strconv.ParseUint: parsing \"18446744073709551616\": value out of range");
  EXPECT_EQ(error_of(go_int("-9223372036854775809")),
            "strconv.ParseInt: parsing \"-9223372036854775809\": value out of range");
}

}  // namespace
}  // namespace mizzen::machinery
