#include "store/local/retention.h"

#include <algorithm>

namespace mizzen::store {

uint64_t Retention::history_bytes_max(uint64_t live_bytes) const {
  return std::max(options_.history_bytes_min, live_bytes / 2);
}

std::optional<Revision> Retention::due(Monotonic now, Revision current, Revision compacted,
                                       uint64_t history_bytes, uint64_t live_bytes) {
  const Revision newest_allowed(current.get() - options_.revisions_min);
  Revision target;
  if (now >= next_) {
    target = std::min(seen_, newest_allowed);
    seen_ = current;
    next_ = now + options_.keep;
  }
  if (history_bytes > history_bytes_max(live_bytes)) target = newest_allowed;
  if (target <= compacted || target.get() <= 0) return std::nullopt;
  return target;
}

}  // namespace mizzen::store
