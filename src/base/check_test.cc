#include "base/check.h"

#include <gtest/gtest.h>

namespace mizzen {

TEST(Check, HoldingConditionIsEvaluatedOnceAndFormatsNothing) {
  int evaluated = 0, formatted = 0;
  const auto count = [](int& n) { return ++n; };
  MZ_CHECK(count(evaluated) == 1, "{}", count(formatted));
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(formatted, 0);
}

TEST(CheckDeathTest, BrokenInvariantNamesItselfAndAborts) {
  const int revision = 3, last = 5;
  EXPECT_DEATH(MZ_CHECK(revision > last, "revision {} after {}", revision, last),
               "check_test.cc:.*broken invariant: revision > last: revision 3 after 5");
}

}  // namespace mizzen
