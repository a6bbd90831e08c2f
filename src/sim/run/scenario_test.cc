#include "sim/run/scenario.h"

#include <gtest/gtest.h>

#include "telemetry/log.h"

namespace mizzen::sim {
namespace {

/// What components log is of no use here.
const bool g_quiet = [] {
  log::configure({.fd = -1});
  return true;
}();

/// The first of the seeds that fails; 0 where none does.
uint64_t first_failure(uint64_t seeds, const ScenarioOptions& options, std::string* why = nullptr) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const ScenarioOutcome outcome = run_scenario(seed, options);
    if (outcome.failure.empty()) continue;
    if (why) *why = outcome.failure;
    return seed;
  }
  return 0;
}

TEST(Scenario, TheSameSeedGivesTheSameRun) {
  for (const uint64_t seed : {1, 2, 3}) {
    const ScenarioOutcome once = run_scenario(seed, {}), again = run_scenario(seed, {});
    EXPECT_EQ(once.fingerprint, again.fingerprint) << seed;
    EXPECT_EQ(once.turns, again.turns) << seed;
    EXPECT_EQ(once.writes, again.writes) << seed;
  }
  EXPECT_NE(run_scenario(1, {}).fingerprint, run_scenario(2, {}).fingerprint);
}

TEST(Scenario, TheSameSeedGivesTheSameRunOnADisk) {
  ScenarioOptions options;
  options.embedded = true;
  const ScenarioOutcome once = run_scenario(1, options), again = run_scenario(1, options);
  EXPECT_EQ(once.failure, "") << once.trace;
  EXPECT_EQ(once.fingerprint, again.fingerprint);
  EXPECT_NE(once.fingerprint, run_scenario(1, {}).fingerprint);
}

TEST(Scenario, TheSameSeedGivesTheSameRunWithAgents) {
  ScenarioOptions options;
  options.agents = true;
  for (const uint64_t seed : {1, 2}) {
    const ScenarioOutcome once = run_scenario(seed, options), again = run_scenario(seed, options);
    EXPECT_EQ(once.failure, "") << once.trace;
    EXPECT_EQ(once.fingerprint, again.fingerprint) << seed;
  }
}

TEST(Scenario, WithoutFaultsAllComesAboutAtOnce) {
  ScenarioOptions options;
  options.faults = false;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const ScenarioOutcome outcome = run_scenario(seed, options);
    EXPECT_EQ(outcome.failure, "") << outcome.trace;
    EXPECT_LE(outcome.settled_after, 60) << seed;
    EXPECT_GT(outcome.writes, 100u) << seed;
  }
}

/// Each fault that is put in on purpose is found within 200 seeds: a check that finds nothing is worth
/// nothing.
class PutIn : public ::testing::TestWithParam<const char*> {};

TEST_P(PutIn, IsFound) {
  ScenarioOptions options;
  options.mutation = mutation_named(GetParam());
  ASSERT_NE(options.mutation, Mutation::None);
  options.embedded = std::string(GetParam()).starts_with("unsynced");
  std::string why;
  EXPECT_NE(first_failure(200, options, &why), 0u);
  EXPECT_NE(why, "");
}

INSTANTIATE_TEST_SUITE_P(Faults, PutIn,
                         ::testing::Values("drop-event", "swap-events", "silent-watch", "error-is-not-found",
                                           "false-answer", "two-leaders", "unsynced-write",
                                           "unsynced-folder"),
                         [](const auto& info) {
                           std::string out = info.param;
                           std::erase(out, '-');
                           return out;
                         });

}  // namespace
}  // namespace mizzen::sim
