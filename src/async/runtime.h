#pragma once
#include "async/executor.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/random.h"

namespace mizzen {

/// Role: what everything above `async` gets time, randomness, threads and delays from, so that nobody asks
/// the system for them. Place: handed down from who composes: the program makes one of the system's clock and
/// generator, a simulation one of virtual time and a seed. Threading: each member is thread-safe. Lifecycle:
/// copies refer to the same four, which outlive whoever holds one.
struct Runtime {
  const Clock& clock;
  Random& random;
  Executor& executor;
  Timers& timers;
};

}  // namespace mizzen
