#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/gate.h"
#include "async/mutex.h"
#include "cri/runtime.h"
#include "kubelet/state/runtime_state.h"

namespace mizzen::kubelet {

/// Role: what the runtime has of every pod, as last seen; the one place where the node reads it.
/// Place: pods' work decides from it; what pods' work did is looked at before it goes on, what happens by
/// itself is told by the runtime's events, and a list now and then finds what neither told.
/// Truth: derived from the runtime. Invariants: an older look never replaces a newer one. A pod is shown
/// once the first list since the start is whole (`is_ready`), so that nobody takes what was not read yet for
/// absent. Threading: thread-safe; no call blocks. `on_change` is called without locks held, on the
/// runtime's threads; it must be short. Failure: a look that fails keeps what was seen; lists go on.
/// Bounds: what the runtime has.
class RuntimeCache {
 public:
  using Done = std::function<void(Result<void>)>;
  struct Deps {
    cri::Runtime& runtime;
    const Clock& clock;
    std::function<void(const std::string& uid)> on_change;
    std::function<void()> on_ready;  ///< the first list is whole
  };
  /// Whose pod it is.
  struct PodName {
    std::string uid;
    std::string namespace_;
    std::string name;
  };
  explicit RuntimeCache(Deps deps) : deps_(std::move(deps)) {}
  ~RuntimeCache() { stop(); }

  bool is_ready() const;
  /// Reads the lists, and whatever in them differs from what was seen. One at a time; a call in between is
  /// nothing.
  void relist();
  /// Reads one again, and waits for nothing else: after a change of ours, or an event. `done` may be null.
  void look_at_sandbox(const std::string& id, const PodName& pod, Done done);
  void look_at_container(const std::string& id, const std::string& sandbox_id, const PodName& pod, Done done);
  /// An event says that this container or sandbox runs, or ended: it is read where that is news.
  void hint(const std::string& id, bool runs);
  /// Reads the lists of one pod, for whoever does not know how a call ended.
  void look_at_pod(const PodName& pod, Done done);
  /// It was removed.
  void forget(const std::string& id);

  RuntimePod pod(const std::string& uid) const;
  bool knows(const std::string& uid) const;
  bool is_running(const std::string& container_id) const;
  std::vector<PodName> pods() const;
  /// When the last list was whole; the time of the start before the first.
  Monotonic listed_at() const;
  /// Nothing is read any more; waits for what is under way.
  void stop();

 private:
  template <typename T>
  struct Seen {
    T record;
    uint64_t look = 0;  ///< number of the look that saw it
  };
  template <typename T>
  using Records = std::map<std::string, Seen<T>>;  ///< by id
  struct Pod {
    PodName name;
    Records<SandboxRecord> sandboxes;
    Records<ContainerRecord> containers;
  };
  struct Listing;
  void begin_list(const std::shared_ptr<Listing>& listing);
  void listed(const std::shared_ptr<Listing>& listing);
  void finished(const std::shared_ptr<Listing>& listing);
  /// What a look gave: a record, nothing that counts, or an error.
  template <typename Record>
  void take(const PodName& pod, const std::string& id, uint64_t look, Records<Record> Pod::* among,
            Result<std::optional<Record>> answer, const Done& done);
  Pod& slot(const PodName& pod) MZ_REQUIRES(m_);
  /// Removes it where no newer look saw it; the pod's uid where it was there.
  std::string drop(const std::string& id, uint64_t look) MZ_REQUIRES(m_);
  uint64_t next_look();
  cri::Call call() const;

  Deps deps_;
  Gate gate_;
  StopSource stop_;
  mutable Mutex m_;
  std::map<std::string, Pod> pods_ MZ_GUARDED_BY(m_);           ///< by uid
  std::map<std::string, std::string> owner_ MZ_GUARDED_BY(m_);  ///< uid by id of sandbox or container
  /// Removed ids with the look before which nothing of them counts, until a whole list began after it.
  std::map<std::string, uint64_t> forgotten_ MZ_GUARDED_BY(m_);
  uint64_t looks_ MZ_GUARDED_BY(m_) = 0;
  bool listing_ MZ_GUARDED_BY(m_) = false;
  bool ready_ MZ_GUARDED_BY(m_) = false;
  Monotonic listed_at_ MZ_GUARDED_BY(m_) = deps_.clock.monotonic();
};

}  // namespace mizzen::kubelet
