#include "hollow/pauses.h"

#include <gtest/gtest.h>

namespace mizzen::hollow {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Draws many times: all lie between the two, and come near to both.
template <typename Draw>
void expect_spread(Duration least, Duration most, Draw&& draw) {
  SeededRandom random(7);
  Duration low = Duration::max(), high = Duration::min();
  for (int i = 0; i < 2000; ++i) {
    const Duration d = draw(random);
    low = std::min(low, d);
    high = std::max(high, d);
  }
  const Duration near = (most - least) / 100;
  EXPECT_GE(low, least);
  EXPECT_LE(low, least + near);
  EXPECT_LE(high, most);
  EXPECT_GE(high, most - near);
}

TEST(Pauses, AreSpread) {
  expect_spread(seconds(0), seconds(10), until_second_renewal);
  expect_spread(seconds(10), milliseconds(10'400), until_renewal);
  expect_spread(seconds(150), seconds(450), until_report);
  expect_spread(seconds(1), seconds(3), [](Random& r) { return between(seconds(1), seconds(3), r); });
  expect_spread(seconds(1), seconds(3), [](Random& r) { return pause_after(1, r); });
  expect_spread(seconds(2), seconds(6), [](Random& r) { return pause_after(2, r); });
  for (const int many : {4, 100, 1'000'000'000})
    expect_spread(seconds(5), seconds(15), [&](Random& r) { return pause_after(many, r); });
}

}  // namespace
}  // namespace mizzen::hollow
