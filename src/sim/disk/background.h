#pragma once
#include <deque>
#include <functional>

#include "async/mutex.h"
#include "async/thread.h"

namespace mizzen::sim {

/// Role: where the engine's work in the background runs: one job at a time, on a thread of the system of its
/// own, and only while it is let run, when nothing else moves. So the engine keeps its locks and waits as
/// they are, and the order of what it does depends on the seed alone. Threading: thread-safe.
class Background {
 public:
  Background();
  ~Background();

  void schedule(bool urgent, void* tag, std::function<void()> job, std::function<void()> unscheduled);
  /// Takes the jobs of this tag out of the queue; how many.
  int unschedule(bool urgent, const void* tag);
  size_t waiting(bool urgent) const;

  /// Lets jobs run while `f` does, and returns when there is none left.
  void run(const std::function<void()>& f);

 private:
  struct Job {
    bool urgent;
    const void* tag;
    std::function<void()> run, unscheduled;
  };
  void work();

  mutable Mutex m_;
  CondVar changed_;
  std::deque<Job> queue_ MZ_GUARDED_BY(m_);
  bool open_ MZ_GUARDED_BY(m_) = false;
  bool running_ MZ_GUARDED_BY(m_) = false;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  Thread thread_;
};

}  // namespace mizzen::sim
