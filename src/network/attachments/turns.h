#pragma once
#include <set>

#include "async/mutex.h"
#include "base/clock.h"
#include "base/result.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// Role: who may touch which attachment: one at a time each, different ones beside each other, or one alone
/// for all of them. Threading: thread-safe; the takers block until their deadline, then TooManyRequests. Who
/// waits for all goes before those who come later, so that it gets its turn.
class Turns {
 public:
  /// Holds a turn for a scope. Must not outlive the Turns.
  class Turn {
   public:
    Turn(Turns& turns, const AttachmentKey* key);
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    Turns* turns_;
    AttachmentKey key_;
    bool all_;
  };

  Result<Turn> take(const AttachmentKey& key, Deadline deadline);
  /// For who has a turn already: does not wait for who waits for all, who waits for it.
  Result<Turn> take_also(const AttachmentKey& key, Deadline deadline);
  Result<Turn> take_all(Deadline deadline);

 private:
  Result<Turn> take(const AttachmentKey& key, Deadline deadline, bool holds_one);

  Mutex m_;
  CondVar changed_;
  std::set<AttachmentKey> taken_ MZ_GUARDED_BY(m_);
  size_t waiting_for_all_ MZ_GUARDED_BY(m_) = 0;
  bool all_taken_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::network
