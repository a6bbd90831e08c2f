#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/mutation.h"
#include "sim/world/perturbation.h"

namespace mizzen::sim {

/// What a scripted run came to.
struct ScriptOutcome {
  std::string failure;  ///< empty where it came to rest and nothing was against a promise
  std::vector<std::string>
      state;  ///< what is there at the end, a line for each object; names drawn, times left out
  Perturbation::Counts writes, events;
  bool perturbed = false;  ///< the plan's moment came
  std::string trace;
  uint64_t fingerprint = 0;
};

/// Role: a cluster to which people do the same in every run, with nothing going wrong but what the plan says;
/// each step begins when the one before has come about. Threading: as run_scenario.
ScriptOutcome run_script(uint64_t seed, const Plan& plan, bool print, Mutation mutation = Mutation::None);

/// How much of a sweep is run.
struct SieveOptions {
  uint64_t seed = 1;
  uint64_t every = 1;  ///< only one of so many plans
  Mutation mutation = Mutation::None;
};

/// What a sweep came to.
struct SieveOutcome {
  uint64_t plans = 0;
  uint64_t missed = 0;                ///< plans whose moment did not come
  std::vector<std::string> failures;  ///< plan, and how its end differs from that of the undisturbed run
};

/// Role: each component in each of the three ways, at each of its writes and events (Sieve, OSDI 22): the
/// end has to be that of the undisturbed run.
SieveOutcome run_sieve(const SieveOptions& options);

}  // namespace mizzen::sim
