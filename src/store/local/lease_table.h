#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "async/mutex.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/contract/types.h"

namespace mizzen::store {

/// Leases at a time; a grant beyond is refused. Users share one lease among many keys.
inline constexpr size_t kLeasesMax = 100'000;

/// Role: the leases of one local store and when each ends; not the keys on them.
/// Threading: thread-safe.
/// Invariant: a lease that began to end takes no more keys: exists() says false.
class LeaseTable {
 public:
  /// A lease with an id not in use. TooManyRequests at the bound.
  Result<LeaseId> add(Monotonic due);
  /// The next id is above this.
  void start_above(int64_t id);
  /// Takes back a lease read from disk.
  void restore(LeaseId id, Monotonic due);
  bool exists(LeaseId id) const;
  /// Marks a lease as ending; false where it does not exist or is ending already.
  bool begin_end(LeaseId id);
  /// Makes an ending lease whole again, to be ended again later.
  void undo_end(LeaseId id, Monotonic due);
  void erase(LeaseId id);
  std::vector<LeaseId> due(Monotonic now) const;
  /// When the next lease ends; nothing where there is none.
  std::optional<Monotonic> next_due() const;

 private:
  struct Entry {
    Monotonic due;
    bool ending = false;
  };
  mutable Mutex m_;
  std::map<LeaseId, Entry> entries_ MZ_GUARDED_BY(m_);
  std::multimap<Monotonic, LeaseId> by_due_ MZ_GUARDED_BY(m_);
  int64_t last_ MZ_GUARDED_BY(m_) = 0;

  void unqueue(LeaseId id, Monotonic due) MZ_REQUIRES(m_);
};

}  // namespace mizzen::store
