#pragma once
#include <atomic>

#include "store/contract/types.h"
#include "store/embedded/engine.h"

namespace mizzen::store {

/// Role: erases history up to a revision from the engine.
/// Why so: a compaction filter cannot tell when a deleted key's marker may go (older records of the key may
/// stand in files it does not see), while the list of changes by revision names exactly the records that were
/// superseded; each record was written once, so a single-delete takes it away for good. And no
/// range is deleted as one: where its next log cannot be made the engine (7.8) aborts with a range in memory.
/// Threading: externally
/// synchronised; commits, reads and watches go on meanwhile. Failure: stopped anywhere, it goes on from its
/// marker; erasing twice the same is impossible, both are one batch.
class Collector {
 public:
  explicit Collector(Engine& engine) : engine_(engine) {}

  /// Where the last run got to.
  Revision collected() const;
  /// Erases what was superseded in (collected, upto]. Ends early once `stop` is set.
  Result<void> collect(Revision upto, const std::atomic<bool>& stop);

 private:
  Engine& engine_;
};

}  // namespace mizzen::store
