#pragma once
#include <cstdint>
#include <string>

#include "sim/world/mutation.h"

namespace mizzen::sim {

/// What the lives are like.
struct LivesOptions {
  int lives = 40;
  Mutation mutation = Mutation::None;
  bool print = false;
};

/// What they came to.
struct LivesOutcome {
  std::string failure;  ///< empty where all checks passed
  std::string trace;    ///< where they did not
  uint64_t fingerprint = 0;
  uint64_t writes = 0;
  uint64_t cuts = 0;  ///< losses of power, each in the middle of something
};

/// Role: one embedded store on a simulated disk, over many lives: writers, leases and compactions, until
/// power goes at some operation of the disk, also while it opens; then it opens again and has to be what it
/// said it was: at a prefix of history that has every acknowledged write, with no hole, and watches go on
/// where they were. In some lives syncs fail, and what was to be synced is lost. What came about without an
/// answer stays. Threading: as run_scenario.
LivesOutcome run_lives(uint64_t seed, const LivesOptions& options);

}  // namespace mizzen::sim
