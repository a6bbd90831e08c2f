#include "sim/command/words.h"

#include <cstdlib>

namespace mizzen::sim {

const char* const kUsage =
    "usage: mizzen_sim [--seeds N] [--from SEED] [--nodes N] [--trouble SECONDS] [--no-faults]\n"
    "                  [--store memory|embedded] [--agents]\n"
    "                  [--mutation NAME] [--print] [--quiet]\n"
    "       mizzen_sim --sieve [--from SEED] [--every N] [--plan KIND COMPONENT NUMBER]\n"
    "       mizzen_sim --disk [--seeds N] [--from SEED] [--mutation NAME] [--print] [--quiet]\n";

std::optional<Words> read_words(int argc, const char* const* argv) {
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
      out.options.mutation = mutation_named(argv[++i]);
      if (out.options.mutation == Mutation::None) return std::nullopt;
    } else if (word == "--store" && i + 1 < argc) {
      const std::string_view store = argv[++i];
      if (store != "memory" && store != "embedded") return std::nullopt;
      out.options.embedded = store == "embedded";
    } else if (word == "--sieve") {
      out.sieve = true;
    } else if (word == "--every") {
      if (!number(out.sweep.every) || out.sweep.every == 0) return std::nullopt;
    } else if (word == "--plan" && i + 3 < argc) {
      const std::string_view kind = argv[++i];
      using Kind = Plan::Kind;
      out.plan.kind = kind == "crash"    ? Kind::Crash
                      : kind == "rewind" ? Kind::Rewind
                      : kind == "skip"   ? Kind::Skip
                                         : Kind::None;
      out.plan.who = argv[++i];
      if (!number(out.plan.at)) return std::nullopt;
    } else if (word == "--disk") {
      out.disk = true;
    } else if (word == "--agents") {
      out.options.agents = true;
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

}  // namespace mizzen::sim
