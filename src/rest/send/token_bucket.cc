#include "rest/send/token_bucket.h"

#include <algorithm>

namespace mizzen::rest {

TokenBucket::TokenBucket(const Clock& clock, double per_second, int burst)
    : clock_(clock),
      per_second_(per_second),
      burst_(std::max(1, burst)),
      tokens_(burst_),
      at_(clock.monotonic()) {}

Result<Monotonic> TokenBucket::reserve(const Deadline& deadline) {
  Lock lock(m_);
  const Monotonic now = clock_.monotonic();
  const double seconds = std::chrono::duration<double>(now - at_).count();
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  at_ = now;
  const double wait = tokens_ >= 1 ? 0 : (1 - tokens_) / per_second_;
  const Monotonic turn =
      later(now, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait)));
  if (turn > deadline.when())
    return Error(Code::Timeout,
                 "client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline");
  tokens_ -= 1;
  return turn;
}

Result<void> TokenBucket::take(const Deadline& deadline, const StopToken& stop) {
  if (per_second_ <= 0) return {};
  MZ_ASSIGN(const Monotonic turn, reserve(deadline));
  if (turn <= clock_.monotonic()) return {};
  if (stop.wait_until(Deadline::at(turn, clock_))) return Error(Code::Cancelled, "context canceled");
  return {};
}

}  // namespace mizzen::rest
