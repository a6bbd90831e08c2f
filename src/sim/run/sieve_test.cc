#include "sim/run/sieve.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mizzen::sim {
namespace {

TEST(Sieve, AnUndisturbedRunComesToTheSameEndFromEverySeed) {
  const ScriptOutcome once = run_script(1, {}, false), again = run_script(1, {}, false);
  EXPECT_EQ(once.failure, "") << once.trace;
  EXPECT_EQ(once.fingerprint, again.fingerprint);
  EXPECT_EQ(once.state, again.state);
  EXPECT_EQ(once.state, run_script(2, {}, false).state);
  EXPECT_GT(once.writes.at("controllers-0"), 50u);
  EXPECT_GT(once.writes.at("scheduler"), 10u);
  EXPECT_GT(once.events.at("controllers-0"), 100u);
  const auto has = [&](const char* begin) {
    return std::any_of(once.state.begin(), once.state.end(),
                       [&](const std::string& line) { return line.starts_with(begin); });
  };
  EXPECT_TRUE(has("pods ") && has("deployments.apps ") && has("services ") && has("nodes "));
}

TEST(Sieve, APlanIsCarriedOutOnceAtItsMoment) {
  for (const auto kind : {Plan::Kind::Crash, Plan::Kind::Rewind, Plan::Kind::Skip}) {
    const ScriptOutcome run = run_script(1, {kind, "scheduler", 3}, false);
    EXPECT_TRUE(run.perturbed);
    EXPECT_EQ(run.failure, "") << run.trace;
    EXPECT_NE(run.fingerprint, run_script(1, {}, false).fingerprint);
  }
  EXPECT_FALSE(run_script(1, {Plan::Kind::Crash, "scheduler", 100'000}, false).perturbed);
}

/// What would be found: a component that never learns of what it did not see.
TEST(Sieve, AnEventThatIsLostForGoodIsFound) {
  const SieveOutcome swept = run_sieve({.every = 29, .mutation = Mutation::SkipForGood});
  EXPECT_GT(swept.plans, 20u);
  EXPECT_FALSE(swept.failures.empty());
}

}  // namespace
}  // namespace mizzen::sim
