#pragma once
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "sim/world/mutation.h"

namespace mizzen::sim {

/// What a run is like.
struct ScenarioOptions {
  int nodes = 3;
  bool agents = false;                         ///< nodes have the program's own agent, on a runtime in memory
  Duration trouble = std::chrono::minutes(4);  ///< how long users act and things go wrong
  bool faults = true;
  bool embedded = false;               ///< the program's own store, on a disk that loses power
  Mutation mutation = Mutation::None;  ///< put in on purpose
  bool print = false;                  ///< each line of the trace as it comes
};

/// What a run came to.
struct ScenarioOutcome {
  std::string failure;  ///< empty where all checks passed
  std::string trace;    ///< the last lines, where they did not
  uint64_t fingerprint = 0;
  uint64_t turns = 0;
  uint64_t writes = 0;
  double virtual_seconds = 0;
  double settled_after = 0;  ///< seconds from the end of the trouble until all was well
};

/// Role: one simulated cluster from its first start to its end: users act while messages are lost, watches
/// break and every component crashes and comes back; then the trouble stops, and all that was asked for has
/// to come about and stay. Threading: runs on the calling thread, one at a time in a thread. The same seed
/// and options give the same run.
ScenarioOutcome run_scenario(uint64_t seed, const ScenarioOptions& options);

}  // namespace mizzen::sim
