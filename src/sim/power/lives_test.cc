#include "sim/power/lives.h"

#include <gtest/gtest.h>

namespace mizzen::sim {
namespace {

TEST(Lives, TheSameSeedGivesTheSameLives) {
  const LivesOutcome once = run_lives(1, {}), again = run_lives(1, {});
  EXPECT_EQ(once.failure, "") << once.trace;
  EXPECT_EQ(once.fingerprint, again.fingerprint);
  EXPECT_EQ(once.writes, again.writes);
  EXPECT_GT(once.writes, 500u);
  EXPECT_GT(once.cuts, 20u);
}

/// What a disk does that keeps less than it says is found within 20 seeds.
TEST(Lives, ADiskThatLiesIsFound) {
  for (const Mutation mutation : {Mutation::UnsyncedWrite, Mutation::UnsyncedFolder}) {
    uint64_t seed = 1;
    while (seed <= 20 && run_lives(seed, {.mutation = mutation}).failure.empty()) ++seed;
    EXPECT_LE(seed, 20u) << static_cast<int>(mutation);
  }
}

}  // namespace
}  // namespace mizzen::sim
