#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/cooperation.h"
#include "base/random.h"

namespace mizzen::sim {

/// Role: runs threads of ours by turns on one thread of the system, under virtual time: whose turn is next is
/// drawn from a seed, and time moves only when all wait. So code with threads, mutexes and conditions runs as
/// it is, and the same seed gives the same run. Place: the simulation's floor. Threading: confined to the
/// thread that calls run(). Invariants: I1 a thread goes on only when what it waits for was notified, or its
/// time came. I2 virtual time never passes the time that somebody waits for. Failure: where all wait for
/// good, or kTurnsMax turns pass without time moving, it aborts and names who waits.
class Fibers final : public Cooperation {
 public:
  /// Turns without time moving: more are an endless loop.
  static constexpr uint64_t kTurnsMax = 5'000'000;
  static constexpr size_t kStackBytes = 512 << 10;

  Fibers(ManualClock& clock, Random& random);
  ~Fibers() override;
  Fibers(const Fibers&) = delete;

  /// Runs `body` and what it starts until all of it has ended.
  void run(std::function<void()> body);

  /// Lets others go first, perhaps. From a thread that runs here.
  void yield();
  void pause(Duration d);

  bool wait(const void* on, Monotonic until) override;
  void notify(const void* on, bool all) override;
  ThreadId spawn(std::string name, std::function<void()> body) override;
  void join(ThreadId thread) override;
  ThreadId current() const override;

  /// Threads that have not ended.
  size_t alive() const { return alive_.size(); }
  /// Turns given so far, and a number that stands for who had them: equal runs have equal ones.
  uint64_t turns() const { return turns_; }
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Fiber;
  using Due = std::multimap<Monotonic, Fiber*>;

  void give_turn(Fiber& fiber);
  void suspend();
  /// Makes a waiting fiber ready.
  void wake(Fiber& fiber, bool notified);
  /// Moves time to where somebody waits for it; false where nobody does.
  bool pass_time();
  void finish(Fiber& fiber);
  [[noreturn]] void stuck(const char* why) const;

  ManualClock& clock_;
  Random& random_;
  std::map<ThreadId, std::unique_ptr<Fiber>> alive_;
  std::vector<Fiber*> ready_;
  std::unordered_map<const void*, std::vector<Fiber*>> waiting_;
  Due due_;
  Fiber* current_ = nullptr;
  ThreadId next_id_ = 1;
  uint64_t turns_ = 0;
  uint64_t turns_since_time_moved_ = 0;
  uint64_t fingerprint_ = 0;
};

}  // namespace mizzen::sim
