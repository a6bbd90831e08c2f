#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "base/clock.h"
#include "linux/files/disk_walk.h"

namespace mizzen::kubelet {

/// Role: how much stands below folders, looked at again and again, one folder at a time. Place: emptyDirs and
/// logs of pods; asked by StatsManager, ticked by the kubelet's housekeeping. Truth: as old as Use::at; a
/// folder that was not looked at yet has none. Threading: thread-safe. Bounds: a turn looks at
/// kEntriesPerTurn entries, then rests three times as long as it took, so that a large tree costs a quarter
/// of a processor at most; a look ends after kLookMax, and a folder rests ten times as long as its look took,
/// or `every`.
class DiskLooks {
 public:
  struct Deps {
    Executor& executor;
    Alarms& alarms;
    const Clock& clock;
    Duration every = std::chrono::minutes(1);
  };
  struct Use {
    uint64_t bytes = 0;
    uint64_t files = 0;
    WallTime at;
    bool whole = true;  ///< else at least this much
  };
  explicit DiskLooks(Deps deps) : deps_(deps) {}
  ~DiskLooks() { stop(); }

  /// These are looked at from now on; what is known of others is forgotten.
  void want(const std::set<std::string>& folders);
  std::optional<Use> last(const std::string& folder) const;
  /// Begins looks that are due.
  void tick();
  /// Nothing is looked at any more; waits for the turn under way. The alarms tick no more then, or on this
  /// thread.
  void stop();
  static constexpr size_t kEntriesPerTurn = 2000;
  static constexpr Duration kLookMax = std::chrono::minutes(5);

 private:
  struct Folder {
    std::optional<Use> use;
    Monotonic due;
  };
  void post_turn();
  void turn();
  /// True where there is a folder to look at.
  bool begin_next();
  void ended(bool whole);

  const Deps deps_;
  Gate gate_;
  mutable Mutex m_;
  std::map<std::string, Folder> folders_ MZ_GUARDED_BY(m_);
  bool under_way_ MZ_GUARDED_BY(m_) = false;
  Alarms::Id alarm_ MZ_GUARDED_BY(m_) = 0;
  // Of the look under way, which one turn at a time works on.
  std::optional<linux::DiskWalk> walk_;
  std::string folder_;
  Monotonic began_;
};

}  // namespace mizzen::kubelet
