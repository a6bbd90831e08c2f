#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/clock.h"
#include "base/random.h"

namespace mizzen::http {

/// Told by a Watch that its descriptor became ready. Called on the loop thread, once for each want_*().
class FdEvents {
 public:
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;

 protected:
  ~FdEvents() = default;
};

/// Role: readiness of one descriptor on one loop; owns the descriptor and closes it when it goes.
/// Threading: confined to the loop's thread. After destruction no event is delivered any more.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual int fd() const = 0;
  /// Later events go to `events`.
  virtual void rebind(FdEvents& events) = 0;
  /// Asks for one on_readable(); asking again while waiting changes nothing.
  virtual void want_read() = 0;
  virtual void want_write() = 0;
};

/// Role: one event loop on one thread: readiness of descriptors, timers, and functions posted from anywhere.
/// Place: made by Loops; connections live on exactly one loop. Nothing on it may block.
/// Threading: post() is thread-safe; all else confined to the loop's thread.
/// Bounds: the queue of posted functions holds at most what its callers account for (one per connection and
/// stream).
class Loop {
 public:
  using TimerId = uint64_t;
  Loop(const Clock& clock, Random& random);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `f` soon on the loop's thread, in order of posting. Many posts while the loop is busy cost one
  /// wake-up. After stop() functions are destroyed unrun when the loop goes.
  void post(std::function<void()> f);
  /// Takes ownership of a non-blocking descriptor.
  std::unique_ptr<Watch> watch(int fd, FdEvents& events);
  /// Runs `f` once after `delay`; cancel() with its id forgets it. Ids are never 0.
  TimerId after(Duration delay, std::function<void()> f);
  void cancel(TimerId id);
  /// Timers that have not run yet.
  size_t timers_waiting() const;

  /// Those of its Loops; from any thread.
  const Clock& clock() const { return clock_; }
  Random& random() const { return random_; }

  bool on_thread() const { return current() == this; }
  /// The loop whose thread this is; null on other threads. Blocking calls refuse to run where it is not null.
  static Loop* current();

  void run();   ///< until stop()
  void stop();  ///< thread-safe
  struct Impl;

 private:
  void drain();

  const Clock& clock_;
  Random& random_;
  std::unique_ptr<Impl> impl_;
  Mutex m_;
  std::vector<std::function<void()>> posted_ MZ_GUARDED_BY(m_);
  bool scheduled_ MZ_GUARDED_BY(m_) = false;
};

/// Role: the program's event loops, each on its own thread; servers and clients share them.
/// Threading: thread-safe. Lifecycle: threads start with the constructor; stop() (idempotent, also in the
/// destructor) ends and joins them. Servers and clients built on it must be stopped before.
class Loops {
 public:
  struct Options {
    const Clock& clock;  ///< of timers, deadlines and dates of all that runs on the loops
    Random& random;      ///< of their WebSockets' masks
    size_t threads = 1;
    std::string name = "http-loop";
  };
  explicit Loops(Options options);
  ~Loops() { stop(); }
  /// Round robin.
  Loop& next();
  size_t size() const { return loops_.size(); }
  Loop& at(size_t i) { return *loops_[i]; }
  const Clock& clock() const { return clock_; }
  void stop();

 private:
  const Clock& clock_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<Thread> threads_;
  std::atomic<size_t> next_ = 0;
};

}  // namespace mizzen::http
