#include "apiserver/flow/retry.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::apiserver {
namespace {

/// Somebody else's write has won as often as this one lost: a few tries at once are what it takes mostly.
constexpr int kAtOnce = 3;
constexpr int kDoublingsMax = 5;
constexpr Duration kFirst = std::chrono::milliseconds(2);

}  // namespace

bool Retry::again(int attempt, std::function<void()> f) {
  MZ_CHECK(attempt >= 1, "try number {}", attempt);
  if (attempt <= kAtOnce) return soon(std::move(f));
  const int doublings = std::min(attempt - kAtOnce - 1, kDoublingsMax);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(kFirst) * (1 << doublings);
  const std::chrono::microseconds delay(
      whole.count() / 2 + static_cast<int64_t>(random_.below(static_cast<uint64_t>(whole.count()))));
  Lock lock(m_);
  if (stopped_) return false;
  if (!timers_) timers_ = std::make_unique<Timers>(pool_, clock_);
  timers_->after(delay, std::move(f));
  return true;
}

void Retry::stop() {
  std::unique_ptr<Timers> timers;
  {
    Lock lock(m_);
    stopped_ = true;
    timers = std::move(timers_);
  }
  timers.reset();
  pool_.stop();
}

}  // namespace mizzen::apiserver
