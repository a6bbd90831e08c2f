#include "base/duration.h"

#include <gtest/gtest.h>

namespace mizzen {
namespace {

TEST(Duration, AsGoWritesIt) {
  struct Row {
    const char* text;
    int64_t milliseconds;  ///< negative: an error
  };
  const Row rows[] = {{"0", 0},
                      {"50s", 50'000},
                      {"1m30s", 90'000},
                      {"300ms", 300},
                      {"1.5h", 5'400'000},
                      {"2h45m", 9'900'000},
                      {"1000us", 1},
                      {"", -1},
                      {"50", -1},
                      {"-1s", -1},
                      {"s", -1},
                      {"1.2.3s", -1},
                      {"1x", -1},
                      {"1s ", -1},
                      {"9999999999999h", -1}};
  for (const Row& row : rows) {
    const auto got = parse_duration(row.text);
    EXPECT_EQ(got.ok(), row.milliseconds >= 0) << row.text;
    if (got.ok()) EXPECT_EQ(*got, std::chrono::milliseconds(row.milliseconds)) << row.text;
  }
}

}  // namespace
}  // namespace mizzen
