#include "sim/world/log_time.h"

#include <atomic>

#include "base/check.h"
#include "telemetry/log.h"

namespace mizzen::sim {
namespace {

/// The log keeps the clock that it is given for good, and a simulation ends.
class Shown final : public Clock {
 public:
  Monotonic monotonic() const override {
    const Clock* const now = of.load();
    return now ? now->monotonic() : Monotonic();
  }
  WallTime wall() const override {
    const Clock* const now = of.load();
    return now ? now->wall() : WallTime();
  }
  std::atomic<const Clock*> of{nullptr};
};

Shown& shown() {
  static Shown clock;
  return clock;
}

}  // namespace

LogTime::LogTime(const Clock& clock) {
  MZ_CHECK(!shown().of.exchange(&clock), "two simulations at a time");
  log::set_clock(shown());
}
LogTime::~LogTime() { shown().of = nullptr; }

}  // namespace mizzen::sim
