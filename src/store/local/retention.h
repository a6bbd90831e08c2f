#pragma once
#include <optional>

#include "base/clock.h"
#include "store/contract/types.h"

namespace mizzen::store {

/// How long history is kept.
struct RetentionOptions {
  Duration keep = std::chrono::minutes(5);  ///< everything this young stays, unless history outgrows the data
  int64_t revisions_min = 1000;             ///< and always so many of the newest revisions
  uint64_t history_bytes_min = 64u << 20;   ///< history smaller than this is never too big
};

/// Role: decides when to compact and up to where; pure but for what it remembers. Upstream's API server
/// compacts every five minutes to where it stood five minutes before; so does this, and earlier where history
/// outgrows half of the live data, so that the disk holds twice the live data at most. Threading: externally
/// synchronised.
class Retention {
 public:
  Retention(RetentionOptions options, Monotonic now, Revision current)
      : options_(options), next_(now + options.keep), seen_(current) {}

  void start_at(Revision current) { seen_ = current; }
  /// The revision to compact to, where it is time.
  std::optional<Revision> due(Monotonic now, Revision current, Revision compacted, uint64_t history_bytes,
                              uint64_t live_bytes);
  Monotonic next_due() const { return next_; }
  uint64_t history_bytes_max(uint64_t live_bytes) const;

 private:
  const RetentionOptions options_;
  Monotonic next_;
  Revision seen_;  ///< where the store stood when the current period began
};

}  // namespace mizzen::store
