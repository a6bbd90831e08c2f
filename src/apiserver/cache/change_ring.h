#pragma once
#include <deque>
#include <vector>

#include "apiserver/cache/change.h"
#include "base/clock.h"

namespace mizzen::apiserver {

/// Role: the newest changes of one resource, for watchers that follow and for those that resume. What is
/// older is read from the store's history. Threading: guarded by its owner. Invariants: I1 revisions rise. I2
/// every change after reaches_back_to() is here. Bounds: bytes_max in all; changes older than `keep` go, but
/// for the newest kCountMin.
class ChangeRing {
 public:
  struct Options {
    size_t bytes_max = 16u << 20;
    Duration keep = std::chrono::seconds(75);
  };
  /// Kept whatever their age, so that watchers of a resource that rarely changes need no history.
  static constexpr size_t kCountMin = 128;
  /// The frames of changes before the newest so many are dropped: whoever follows has got them.
  static constexpr size_t kFramesKept = 64;

  explicit ChangeRing(Options options) : options_(options) {}

  /// Forgets all; changes after `revision` will follow.
  void restart(int64_t revision);
  void push(ChangePtr change, Monotonic now);
  /// Lets go of what has become too old.
  void expire(Monotonic now);

  /// Changes after this revision are here, all of them.
  int64_t reaches_back_to() const { return from_; }
  /// Appends to `out` the first changes after `revision`: about `max`, and always whole revisions. Requires
  /// that they reach back so far.
  void read(int64_t revision, size_t max, std::vector<ChangePtr>& out) const;
  size_t size() const { return changes_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    ChangePtr change;
    Monotonic at;
    size_t bytes;
  };
  void pop();

  const Options options_;
  std::deque<Kept> changes_;
  size_t bytes_ = 0;
  int64_t from_ = 0;
};

}  // namespace mizzen::apiserver
