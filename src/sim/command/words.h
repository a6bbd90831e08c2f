#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/run/scenario.h"
#include "sim/run/sieve.h"

namespace mizzen::sim {

/// What the command line asks for.
struct Words {
  uint64_t seeds = 1;
  uint64_t from = 1;
  bool disk = false;   ///< the embedded store alone, on a disk that loses power
  bool sieve = false;  ///< each component in each of the three ways
  SieveOptions sweep;
  Plan plan;           ///< one of a sweep
  bool quiet = false;  ///< only what fails, and the count
  ScenarioOptions options;
};

/// How it is written.
extern const char* const kUsage;

/// Nothing where it is malformed.
std::optional<Words> read_words(int argc, const char* const* argv);

}  // namespace mizzen::sim
