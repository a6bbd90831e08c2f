#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::apiserver {

/// Where allocations stand in the store: one key for each address and port that somebody has.
inline constexpr std::string_view kAllocationPrefix = "/registry/mizzen/allocations/";
std::string address_key(std::string_view address);
std::string port_key(int32_t port);

/// Role: who has what, as the store says: read at start, then kept by a watch. Truth: a cache; where the
/// store is local it is never behind an acknowledged write, elsewhere a transaction may find more taken than
/// it knows (see suspect). Threading: thread-safe; only start() and restart() block. Failure: after the watch
/// is lost it keeps what it knew until restart() has succeeded; taking twice is still impossible. Bounds: one
/// entry for each allocation; suspicions end by themselves.
class AllocationTable {
 public:
  struct Deps {
    store::Store& store;
    const Clock& clock;
    /// Called, from the store's thread, when the watch has ended: restart() is due, on another thread.
    std::function<void()> on_lost;
  };
  explicit AllocationTable(Deps deps) : deps_(std::move(deps)) {}
  ~AllocationTable() { stop(); }

  Result<void> start(Deadline deadline);
  Result<void> restart(Deadline deadline) { return start(deadline); }
  void stop();

  bool taken(const std::string& key) const;
  /// False where it is known to be somebody else's: it is not `owner`'s to give back.
  bool may_release(const std::string& key, std::string_view owner) const;
  size_t size() const;
  /// A transaction has found this taken: it counts as taken until the watch has had time to say so.
  void suspect(const std::string& key);
  /// One allocation.
  struct Holding {
    std::string owner;
    store::Revision revision;
  };
  std::map<std::string, Holding> all() const;

 private:
  void on_message(const store::WatchMessage& message);

  const Deps deps_;
  mutable Mutex m_;
  std::unordered_map<std::string, Holding> held_ MZ_GUARDED_BY(m_);
  std::unordered_map<std::string, Monotonic> suspected_ MZ_GUARDED_BY(m_);
  std::shared_ptr<store::Watch> watch_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::apiserver
