#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sim/check/log.h"
#include "sim/fibers/fibers.h"
#include "sim/world/faults.h"
#include "sim/world/log_time.h"
#include "sim/world/mutation.h"
#include "sim/world/perturbation.h"
#include "sim/world/trace.h"

namespace mizzen::sim {

/// Role: what all parts of one simulation share: virtual time, whose turn it is, chance, what goes wrong, and
/// what happened. Chance comes in streams of their own, so that a change in one part leaves the draws of the
/// others alone. Threading: confined to the simulation's thread.
struct World {
  explicit World(uint64_t seed)
      : turns_random(seed ^ 0x7475726e73),
        random(seed ^ 0x776f726c64),
        ids(seed ^ 0x696473),
        fibers(clock, turns_random),
        faults(random),
        trace(clock),
        log_time(clock) {}

  ManualClock clock;
  SeededRandom turns_random;
  SeededRandom random;  ///< of users, faults, delays
  SeededRandom ids;     ///< what the program's own parts draw: uids, names, back-off
  Fibers fibers;
  Faults faults;
  Trace trace;
  const LogTime log_time;
  const StoreLog* log = nullptr;  ///< the truth that checks hold against; set by whoever makes the store
  int64_t acknowledged = 0;       ///< the highest revision that a write was answered with
  int64_t watches = 0;            ///< open ones, of all components
  Mutation mutation = Mutation::None;
  Perturbation perturbation;

  /// The first thing that was against what the API promises; empty where nothing was.
  const std::string& violation() const { return violation_; }
  void violate(std::string what) {
    if (what.empty()) return;
    trace.add("check", what);
    if (violation_.empty()) violation_ = std::move(what);
  }

  /// A duration between the two.
  Duration between(Duration least, Duration most) {
    return least +
           Duration(static_cast<int64_t>(random.unit() * static_cast<double>((most - least).count())));
  }
  bool chance(double p) { return random.unit() < p; }
  /// What tells one life of a process from the next.
  std::string identity() { return "_" + std::to_string(++identities_); }
  /// True now and then where this is the fault that was put in.
  bool mutated(Mutation m, double p) { return mutation == m && chance(p); }

 private:
  std::string violation_;
  uint64_t identities_ = 0;
};

}  // namespace mizzen::sim
