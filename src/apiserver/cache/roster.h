#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "apiserver/cache/lane.h"
#include "apiserver/cache/subscription.h"
#include "base/clock.h"

namespace mizzen::apiserver {

/// Role: the watchers of one cache on one lane, found by what they select, so that a change costs what its
/// own watchers cost. Pulls changes from the cache's ring: however many come, one function at most waits on
/// the lane. Threading: wake() is thread-safe; all else on the lane. Invariants: I1 a watcher that follows
/// live has been told everything up to position(). Bounds: a turn lasts kTurnMax, then the lane goes on with
/// others.
class Roster : public std::enable_shared_from_this<Roster> {
 public:
  static constexpr Duration kTurnMax = std::chrono::microseconds(700);

  Roster(ResourceCache& cache, Lane& lane, const Clock& clock, int64_t position)
      : cache_(cache), lane_(lane), clock_(clock), position_(position) {}

  Lane& lane() { return lane_; }
  /// The cache has changes.
  void wake();
  /// The cache lost its feed: every watcher ends.
  void end_all(const Error& error);
  /// The cache stops: every watcher ends, and nothing of the cache is looked at any more.
  void stop(const Error& error);
  void bookmark(int64_t revision);

  void add(std::shared_ptr<Subscription> subscription);
  void remove(const Subscription& subscription);
  int64_t position() const { return position_; }
  size_t size() const { return count_.load(std::memory_order_relaxed); }

 private:
  using Group = std::vector<std::shared_ptr<Subscription>>;

  void run();
  /// Lets go of whom it had still to tell: they hold the roster.
  void forget();
  /// False where the turn is over before all were told.
  bool deliver(Monotonic until);
  void gather(const Change& change);
  void gather_fields(const Entry& entry);
  void gather(const absl::flat_hash_map<std::string, Group>& groups, const std::string& key);
  /// Where a watcher with this filter is found; no groups: among all.
  struct Place {
    absl::flat_hash_map<std::string, Group>* groups;
    std::string key;
  };
  Place place_of(const Filter& filter);
  std::vector<std::shared_ptr<Subscription>> everyone() const;

  ResourceCache& cache_;
  Lane& lane_;
  const Clock& clock_;
  std::atomic<bool> scheduled_ = false;
  std::atomic<size_t> count_ = 0;
  int64_t position_;
  bool stopped_ = false;
  Group all_;
  absl::flat_hash_map<std::string, Group> by_key_, by_namespace_, by_field_;
  // Where a turn that was too short goes on.
  std::vector<ChangePtr> chunk_;
  size_t next_change_ = 0;
  std::vector<std::shared_ptr<Subscription>> told_;  ///< whom the present change concerns
  size_t next_told_ = 0;
};

}  // namespace mizzen::apiserver
