#pragma once
#include <map>
#include <memory>
#include <string>

#include "async/executor.h"
#include "async/mutex.h"
#include "base/clock.h"
#include "client/api/api_client.h"
#include "kubelet/status/status_build.h"

namespace mizzen::kubelet {

/// Role: tells the API what the pods' status is, hears what others wrote to it, and deletes pods that are
/// done terminating; the only writer of this node's part of pod status. Truth: the API's object for what is
/// others'; ours is what pods' work set last. An API that cannot be reached changes nothing but the time at
/// which it learns. Threading: thread-safe. Nothing blocks but the writing, on the executor: one write of one
/// pod at a time. Lifecycle: the executor is stopped before it goes. Failure: a failed write is repeated by
/// tick(); what somebody else overwrote is written again. A pod of another UID under the same name is left
/// alone. Writes are patches: what a newer server or another writer has beside our fields stays.
class StatusManager {
 public:
  struct Deps {
    client::ApiClient& api;
    Executor& executor;
    const Clock& clock;
  };
  explicit StatusManager(Deps deps) : deps_(deps) {}

  /// The pod as the API has it, its status included. Older states than those seen are passed over.
  void observe(const std::shared_ptr<const Pod>& pod);
  /// What shows a static pod in the API: its status is written there. Null: nothing does (any more), and what
  /// is set is kept until something will.
  void show(const std::string& uid, const std::shared_ptr<const Pod>& mirror);
  /// The status to publish. Nothing is sent where it is what the API has.
  void set(const std::shared_ptr<const Pod>& pod, PodStatus status);
  /// The pod's containers are gone and its node resources given back: the object may go once its status is
  /// written.
  void finish(const std::shared_ptr<const Pod>& pod);
  void forget(const std::string& uid);
  /// What was set last, with what others wrote to the API meanwhile; nothing where nothing was set.
  std::shared_ptr<const PodStatus> last(const std::string& uid) const;
  /// Repeats what failed.
  void tick();

 private:
  struct Entry {
    std::shared_ptr<const Pod> in_api;         ///< newest seen; null: a static pod that nothing shows
    std::shared_ptr<const PodStatus> ours;     ///< what was set
    std::shared_ptr<const PodStatus> current;  ///< `ours` on top of what others wrote
    bool dirty = false;
    bool finished = false;
    bool sending = false;
  };
  /// Brings `current` up to date; true where the API has to be told.
  static bool settle(Entry& entry);
  void learn(const std::string& uid, const std::shared_ptr<const Pod>& pod, bool is_source);
  void kick(const std::string& uid);
  void send(const std::string& uid);
  /// The pod as it is after it was written; null where it is gone.
  Result<std::shared_ptr<const Pod>> write(const Pod& in_api, const PodStatus& wanted);
  Result<void> remove(const Pod& pod);

  Deps deps_;
  mutable Mutex m_;
  std::map<std::string, Entry> entries_ MZ_GUARDED_BY(m_);
};

/// Pure: what is ours of the status on top of what others wrote: foreign conditions and the fields of other
/// writers stay.
PodStatus merge_status(const PodStatus& in_api, const PodStatus& ours);
/// Pure: the strategic merge patch that makes `after` of the pod's status; empty where nothing differs.
std::string status_patch(const Pod& pod, const PodStatus& after);

}  // namespace mizzen::kubelet
