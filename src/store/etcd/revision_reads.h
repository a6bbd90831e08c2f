#pragma once
#include <atomic>
#include <functional>

#include "async/executor.h"
#include "async/mutex.h"
#include "base/clock.h"
#include "store/contract/types.h"
#include "store/etcd/rounds.h"

namespace mizzen::store::etcd {

/// Role: answers all who ask for etcd's newest revision with few reads: those who come while one is under way
/// share the next (Rounds). Every consistent read of the API asks. Threading: thread-safe; `done` runs on the
/// one thread that reads, or on the asker's where it is refused at once, so it must be short. Lifecycle: the
/// destructor waits for the read under way; whoever still waits then is told that the store stops. Failure: a
/// read's error is everybody's who shares it; a Timeout only theirs whose deadline has passed, the others go
/// on with the next read. A read that hangs is given up after kReadMax, so that nobody is told later than
/// that after his deadline. Bounds: kAskersMax who wait.
class RevisionReads {
 public:
  static constexpr size_t kAskersMax = 65'536;
  static constexpr Duration kReadMax = std::chrono::seconds(3);

  /// A read through etcd's majority. Blocks.
  using Read = std::function<Result<Revision>(Deadline)>;
  using Done = std::function<void(Result<Revision>)>;
  RevisionReads(const Clock& clock, Read read);
  ~RevisionReads();

  /// Calls `done` with a revision that was the newest some time between now and then.
  void ask(Deadline deadline, Done done);
  /// The same for those who may block.
  Result<Revision> ask(Deadline deadline);
  /// How many reads have been sent, for tests.
  uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  struct Asker {
    Deadline deadline;
    Done done;
  };
  /// One round after the other, as long as somebody waits.
  void run();
  Result<Revision> read(const std::vector<Asker>& askers);
  /// Tells them; those who may go on after a Timeout are given back.
  static std::vector<Asker> tell(std::vector<Asker> askers, const Result<Revision>& result);

  const Clock& clock_;
  const Read read_;
  std::atomic<uint64_t> sent_ = 0;
  Mutex m_;
  Rounds<Asker> rounds_ MZ_GUARDED_BY(m_);
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  ThreadPool thread_;
};

}  // namespace mizzen::store::etcd
