#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace mizzen {

/// Monotonic time: deadlines, back-off, leases as held in memory. Survives a jump of the wall clock.
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
/// Wall time, UTC: what is written into objects.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// `d` after `from`; Monotonic::max(), which is never, where the sum would not fit.
constexpr Monotonic later(Monotonic from, Duration d) {
  return d > Monotonic::max() - std::max(from, Monotonic{}) ? Monotonic::max() : from + d;
}
/// So many seconds; the longest (292 years) or shortest duration where the number does not fit, as with
/// `timeoutSeconds` of a request.
constexpr Duration whole_seconds(int64_t n) {
  constexpr int64_t max = std::chrono::floor<std::chrono::seconds>(Duration::max()).count();
  return n > max ? Duration::max() : n < -max ? Duration::min() : Duration(std::chrono::seconds(n));
}

/// The two clocks everything takes by reference. Tests pass a ManualClock; the program (src/apps) passes
/// real_clock(), the simulation its own.
/// Threading: thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Monotonic monotonic() const = 0;
  virtual WallTime wall() const = 0;
};

/// The system's clocks. The only place that reads them; for who composes a program, and tests.
const Clock& real_clock();

/// A clock that moves only when told. Threading: thread-safe: it is told to move under running threads.
class ManualClock : public Clock {
 public:
  explicit ManualClock(WallTime wall = WallTime(std::chrono::seconds(1'700'000'000))) : wall_(wall) {}
  Monotonic monotonic() const override { return Monotonic(std::chrono::hours(1)) + passed(); }
  WallTime wall() const override { return wall_ + passed(); }
  void advance(Duration by) { passed_ += by.count(); }

 private:
  Duration passed() const { return Duration(passed_.load()); }
  const WallTime wall_;
  std::atomic<Duration::rep> passed_ = 0;
};

/// A point in monotonic time at which a blocking call gives up, with the clock that says when it has come,
/// which must outlive it. Passed down unchanged: it never restarts.
class Deadline {
 public:
  static Deadline never() { return {Monotonic::max(), nullptr}; }
  static Deadline at(Monotonic when, const Clock& clock) { return {when, &clock}; }
  static Deadline after(Duration d, const Clock& clock) { return {later(clock.monotonic(), d), &clock}; }
  Monotonic when() const { return when_; }
  bool is_never() const { return when_ == Monotonic::max(); }
  bool expired() const { return !is_never() && clock_->monotonic() >= when_; }
  /// Zero where expired; a year where it never expires, so that it can be handed to a wait.
  Duration left() const;

 private:
  Deadline(Monotonic when, const Clock* clock) : when_(when), clock_(clock) {}
  Monotonic when_;
  const Clock* clock_;  ///< null: never
};

}  // namespace mizzen
