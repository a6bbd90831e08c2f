#pragma once
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "scheduler/state/pod_info.h"

namespace mizzen::scheduler {

/// Role: the pods that wait for a node: ready to be tried, backing off, or rejected until something changes.
/// Kubernetes contract: by priority, then by time; a rejected pod comes back when a change arrives that its
/// rejecting filters care about, at the latest after kUnschedulableMax; back-off doubles from 1 s to 10 s; a
/// rejected pod that backs off is tried early while nothing else is ready, a failed one never. Gated pods
/// wait for their gates to go. Invariant: a pod stands in one place. Time is handed in. Threading: a plain
/// value with one owner. Bounds: the cluster's pods.
class PendingPods {
 public:
  static constexpr Duration kBackoffMin = std::chrono::seconds(1);
  static constexpr Duration kBackoffMax = std::chrono::seconds(10);
  static constexpr Duration kUnschedulableMax = std::chrono::minutes(5);

  /// A new pod, or the newer form of a waiting one; `retry` where the change may make it schedulable.
  void set(PodInfoPtr pod, bool retry, Monotonic now);
  void remove(const std::string& uid);
  /// The pod to try next; it is no longer here.
  PodInfoPtr pop(Monotonic now);
  /// Comes back after pop(): no node would do until one of `retry_on`.
  void rejected(PodInfoPtr pod, uint32_t retry_on, Monotonic now);
  /// Comes back after pop(): trying failed.
  void failed(PodInfoPtr pod, Monotonic now);
  /// The pod found its node.
  void done(const std::string& uid) { attempts_.erase(uid); }
  void changed(uint32_t changes, Monotonic now);
  /// When pop() is next worth a call without any event.
  std::optional<Monotonic> next_due() const;
  /// The pod as it waits here; null where it does not.
  PodInfoPtr find(const std::string& uid) const;
  size_t size() const { return entries_.size(); }

  /// Where pods wait and why they came there, for metrics.
  enum class Queue : uint8_t { Active, Backoff, Unschedulable, Gated };
  enum class Why : uint8_t {
    Added,          ///< the pod is new
    Updated,        ///< it changed
    Cluster,        ///< something else changed
    BackoffOver,    ///< its back-off ended
    PoppedEarly,    ///< nothing else was ready
    AttemptFailed,  ///< no node would do, or trying failed
    WaitedTooLong,  ///< nothing changed for kUnschedulableMax
  };
  static constexpr size_t kQueues = 4, kWhys = 7;
  using Counts = std::array<std::array<uint64_t, kWhys>, kQueues>;
  const Counts& incoming() const { return incoming_; }
  std::array<size_t, kQueues> waiting() const;
  /// Attempts so far of a pod that is not done, this one not counted.
  int attempts(const std::string& uid) const;

 private:
  enum class Place : uint8_t { Active, Backoff, ErrorBackoff, Rejected, Gated };
  struct Attempts {
    int rejections = 0;
    int errors = 0;
  };
  struct Entry {
    PodInfoPtr pod;
    Place place = Place::Active;
    Monotonic since{};  ///< of the last attempt, or of entry
    Monotonic until{};  ///< of back-off, or of the longest wait
    uint32_t retry_on = 0;
    uint64_t order = 0;
    bool placed = false;  ///< in one of the sets, or gated
  };
  /// Priority downwards, then age.
  using ActiveKey = std::tuple<int64_t, Monotonic, uint64_t, std::string>;
  using DueKey = std::pair<Monotonic, std::string>;

  void place(Entry& entry, Place where, Why why);
  void place(Entry& entry, Place where);
  void unplace(Entry& entry);
  /// From Rejected to where it is tried again.
  void wake(Entry& entry, Monotonic now, Why why);
  static Duration backoff(int attempts);

  std::map<std::string, Entry> entries_;  ///< by uid
  std::set<ActiveKey> active_;
  std::set<DueKey> backoff_;
  std::set<DueKey> error_backoff_;
  std::set<DueKey> rejected_;
  std::map<std::string, Attempts> attempts_;  ///< by uid, until done() or remove()
  uint64_t next_order_ = 0;
  Counts incoming_{};
};

}  // namespace mizzen::scheduler
