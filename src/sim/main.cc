#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sim/power/lives.h"
#include "sim/run/scenario.h"
#include "telemetry/log.h"

namespace {

using mizzen::sim::ScenarioOptions;
using mizzen::sim::ScenarioOutcome;

constexpr const char* kUsage =
    "usage: mizzen_sim [--seeds N] [--from SEED] [--nodes N] [--trouble SECONDS] [--no-faults]\n"
    "                  [--store memory|embedded]\n"
    "                  [--mutation NAME] [--print] [--quiet]\n"
    "       mizzen_sim --disk [--seeds N] [--from SEED] [--mutation NAME] [--print] [--quiet]\n";

struct Words {
  uint64_t seeds = 1;
  uint64_t from = 1;
  bool disk = false;   ///< the embedded store alone, on a disk that loses power
  bool quiet = false;  ///< only what fails, and the count
  ScenarioOptions options;
};

std::optional<Words> read(int argc, char** argv) {
  Words out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&](uint64_t& into) {
      if (i + 1 >= argc) return false;
      char* end = nullptr;
      into = std::strtoull(argv[++i], &end, 10);
      return *end == '\0' && end != argv[i];
    };
    uint64_t n = 0;
    if (word == "--seeds") {
      if (!number(out.seeds)) return std::nullopt;
    } else if (word == "--from") {
      if (!number(out.from)) return std::nullopt;
    } else if (word == "--nodes") {
      if (!number(n) || n > 100) return std::nullopt;
      out.options.nodes = static_cast<int>(n);
    } else if (word == "--trouble") {
      if (!number(n) || n > 86'400) return std::nullopt;
      out.options.trouble = std::chrono::seconds(n);
    } else if (word == "--mutation" && i + 1 < argc) {
      out.options.mutation = mizzen::sim::mutation_named(argv[++i]);
      if (out.options.mutation == mizzen::sim::Mutation::None) return std::nullopt;
    } else if (word == "--store" && i + 1 < argc) {
      const std::string_view store = argv[++i];
      if (store != "memory" && store != "embedded") return std::nullopt;
      out.options.embedded = store == "embedded";
    } else if (word == "--disk") {
      out.disk = true;
    } else if (word == "--no-faults") {
      out.options.faults = false;
    } else if (word == "--print") {
      out.options.print = true;
    } else if (word == "--quiet") {
      out.quiet = true;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

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

}  // namespace

/// Runs simulated clusters, one for each seed. Of those that fail it prints the trace of a small run that
/// fails too, and the command for it.
int main(int argc, char** argv) {
  const std::optional<Words> words = read(argc, argv);
  if (!words) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  mizzen::log::configure({.fd = words->options.print ? 2 : -1});
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
