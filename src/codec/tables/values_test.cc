#include "codec/tables/values.h"

#include <gtest/gtest.h>

namespace mizzen::codec {
namespace {

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

}  // namespace
}  // namespace mizzen::codec
