#include "base/clock.h"

#include <algorithm>

namespace mizzen {
namespace {
class RealClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};
}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

Duration Deadline::left() const {
  if (is_never()) return std::chrono::hours(24 * 365);
  return std::max(Duration::zero(), Duration(when_ - clock_->monotonic()));
}

}  // namespace mizzen
