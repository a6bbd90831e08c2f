#include <fmt/format.h>

#include <optional>
#include <string>

#include "sim/check/state.h"
#include "sim/command/words.h"
#include "sim/power/lives.h"
#include "sim/run/scenario.h"
#include "sim/run/sieve.h"
#include "telemetry/log.h"

namespace {

using mizzen::sim::ScenarioOptions;
using mizzen::sim::ScenarioOutcome;
using mizzen::sim::Words;

/// The shortest trouble with the fewest nodes in which this seed fails too.
ScenarioOptions shrunk(uint64_t seed, ScenarioOptions options) {
  const ScenarioOptions whole = options;
  options.print = false;
  for (const int seconds : {15, 30, 60, 120})
    for (int nodes = 1; nodes <= whole.nodes; ++nodes) {
      options.trouble = std::chrono::seconds(seconds);
      options.nodes = nodes;
      if (options.trouble < whole.trouble && !mizzen::sim::run_scenario(seed, options).failure.empty())
        return options;
    }
  return whole;
}

void tell_failure(uint64_t seed, const ScenarioOptions& options) {
  const ScenarioOptions small = shrunk(seed, options);
  const ScenarioOutcome outcome = mizzen::sim::run_scenario(seed, small);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(small.trouble).count();
  fmt::print("{}seed {} failed: {}\nrun it again: ./dev sim --from {} --nodes {} --trouble {}{}{} --print\n",
             outcome.trace, seed, outcome.failure, seed, small.nodes, seconds,
             small.faults ? "" : " --no-faults", small.embedded ? " --store embedded" : "");
}

/// The embedded store alone; how many seeds failed.
uint64_t run_disks(const Words& words) {
  uint64_t failed = 0, cuts = 0;
  for (uint64_t seed = words.from; seed < words.from + words.seeds; ++seed) {
    const auto outcome =
        mizzen::sim::run_lives(seed, {.mutation = words.options.mutation, .print = words.options.print});
    cuts += outcome.cuts;
    if (!words.quiet || !outcome.failure.empty())
      fmt::print("seed {}: {} writes, {} losses of power, run {:016x}{}{}\n", seed, outcome.writes,
                 outcome.cuts, outcome.fingerprint, outcome.failure.empty() ? "" : ": ", outcome.failure);
    if (outcome.failure.empty()) continue;
    if (++failed <= 3 && words.options.mutation == mizzen::sim::Mutation::None)
      fmt::print("{}run it again: ./dev sim --disk --from {} --print\n", outcome.trace, seed);
  }
  fmt::print("{} seeds with {} losses of power, {} failed\n", words.seeds, cuts, failed);
  return failed;
}

/// Every component in every way; how many plans failed.
uint64_t run_sweep(const Words& words) {
  mizzen::sim::SieveOptions options = words.sweep;
  options.seed = words.from;
  options.mutation = words.options.mutation;
  const auto outcome = mizzen::sim::run_sieve(options);
  for (const std::string& failure : outcome.failures) fmt::print("{}\n", failure);
  fmt::print("{} plans, {} whose moment did not come, {} failed\n", outcome.plans, outcome.missed,
             outcome.failures.size());
  return outcome.failures.size();
}

/// One plan, line by line.
uint64_t run_plan(const Words& words) {
  const auto undisturbed = mizzen::sim::run_script(words.from, {}, false);
  const auto run = mizzen::sim::run_script(words.from, words.plan, true);
  const std::string wrong =
      run.failure.empty() ? mizzen::sim::difference(undisturbed.state, run.state) : run.failure;
  fmt::print("{}: {}\n", words.plan.text(), wrong.empty() ? "as undisturbed" : wrong);
  return wrong.empty() ? 0 : 1;
}

}  // namespace

/// Runs simulated clusters, one for each seed. Of those that fail it prints the trace of a small run that
/// fails too, and the command for it.
int main(int argc, char** argv) {
  const std::optional<Words> words = mizzen::sim::read_words(argc, argv);
  if (!words) {
    fmt::print(stderr, "{}", mizzen::sim::kUsage);
    return 2;
  }
  mizzen::log::configure({.fd = words->options.print ? 2 : -1});
  if (words->plan.kind != mizzen::sim::Plan::Kind::None) return run_plan(*words) == 0 ? 0 : 1;
  if (words->sieve) return run_sweep(*words) == 0 ? 0 : 1;
  if (words->disk) return run_disks(*words) == 0 ? 0 : 1;
  uint64_t failed = 0;
  for (uint64_t seed = words->from; seed < words->from + words->seeds; ++seed) {
    const ScenarioOutcome outcome = mizzen::sim::run_scenario(seed, words->options);
    if (!words->quiet || !outcome.failure.empty())
      fmt::print("seed {}: {} s, {} writes, {} turns, settled after {} s, run {:016x}{}{}\n", seed,
                 static_cast<int64_t>(outcome.virtual_seconds), outcome.writes, outcome.turns,
                 static_cast<int64_t>(outcome.settled_after), outcome.fingerprint,
                 outcome.failure.empty() ? "" : ": ", outcome.failure);
    if (outcome.failure.empty()) continue;
    // Some faults put in on purpose are to be counted, not told.
    if (++failed <= 3 && words->options.mutation == mizzen::sim::Mutation::None)
      tell_failure(seed, words->options);
  }
  fmt::print("{} seeds, {} failed\n", words->seeds, failed);
  return failed == 0 ? 0 : 1;
}
