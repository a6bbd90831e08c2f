#include "sim/check/state.h"

#include <gtest/gtest.h>

namespace mizzen::sim {
namespace {

TEST(State, DifferencesAreToldFromBothSides) {
  EXPECT_EQ(difference({"a", "b", "b"}, {"a", "b", "b"}), "");
  EXPECT_EQ(difference({"a", "b", "b"}, {"a", "b"}), "wanted [b], found []");
  EXPECT_EQ(difference({"a"}, {"a", "c"}), "wanted [], found [c]");
  EXPECT_EQ(difference({"a", "b"}, {"a", "c"}), "wanted [b], found [c]");
}

}  // namespace
}  // namespace mizzen::sim
