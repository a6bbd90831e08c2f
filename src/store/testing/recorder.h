#pragma once
#include <string>
#include <vector>

#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// A watch sink that keeps what it is told and lets a test wait for it. Threading: thread-safe.
class Recorder {
 public:
  struct Batch {
    Revision revision;
    std::vector<Event> events;
  };
  WatchSink sink();
  /// Waits until n events came (10 s at most); all events so far.
  std::vector<Event> wait_events(size_t n);
  /// Waits until a message with at least this revision came; false after 10 s.
  bool wait_revision(Revision revision);
  /// Waits for the end; nothing after 10 s.
  std::optional<Error> wait_end();
  std::vector<Batch> batches() const;

 private:
  void take(const WatchMessage& message);
  std::vector<Event> events() const MZ_REQUIRES(m_);

  mutable Mutex m_;
  CondVar changed_;
  std::vector<Batch> batches_ MZ_GUARDED_BY(m_);
  size_t count_ MZ_GUARDED_BY(m_) = 0;
  Revision newest_ MZ_GUARDED_BY(m_);
  std::optional<Error> end_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::store
