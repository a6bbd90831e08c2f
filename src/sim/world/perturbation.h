#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace mizzen::sim {

/// What is done to one component, at a moment that is counted and not timed.
struct Plan {
  enum class Kind : uint8_t {
    None,
    Crash,   ///< right after its write, whose answer it does not get: what it did halfway stays
    Rewind,  ///< likewise, and then it sees the cluster as it was some changes ago, for half a minute
    Skip,    ///< its watch ends with an event that it does not get; what comes of it later is all it sees
  };
  Kind kind = Kind::None;
  std::string who;
  uint64_t at = 1;  ///< of which of its writes, or events, from 1

  std::string text() const;
};

/// Role: carries a plan out, and counts what there is to plan. Threading: confined to the simulation's
/// thread.
class Perturbation {
 public:
  using Counts = std::map<std::string, uint64_t>;
  /// How far back a rewound view begins, in revisions, and for how long it stays there.
  static constexpr int64_t kRewindBy = 12;
  static constexpr Duration kStaysBehind = std::chrono::seconds(30);

  void set(Plan plan) { plan_ = std::move(plan); }
  const Plan& plan() const { return plan_; }
  bool is_done() const { return done_; }

  /// After a write of `who` was carried out; true where it is to crash now.
  bool after_write(const std::string& who, int64_t newest, Monotonic now);
  /// Before an event is told to `who`; true where its watch ends instead.
  bool skips_event(const std::string& who);
  /// True once for whoever is to crash.
  bool crashes(const std::string& who);
  /// The revision that a new view of `who` begins at; nothing where it is the newest.
  std::optional<int64_t> view_of(const std::string& who, Monotonic now) const;
  Duration stays_behind(Monotonic now) const { return until_ > now ? until_ - now : Duration(); }

  const Counts& writes() const { return writes_; }
  const Counts& events() const { return events_; }

 private:
  Plan plan_;
  Counts writes_, events_;
  bool done_ = false;
  bool crash_ = false;
  int64_t view_ = 0;
  Monotonic until_{};
};

}  // namespace mizzen::sim
