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

/// Role: tells the API what the pods' status is, and deletes those that are done terminating; the only writer
/// of pod status on this node. Truth: the API's object is; what is kept here is what it is to become. An API
/// that cannot be reached changes nothing but the time at which it learns. Threading: thread-safe. set()
/// never blocks: the writing happens on the executor, one write of one pod at a time. Lifecycle: the executor
/// is stopped before it goes. Failure: a failed write is repeated by tick(). A pod of another UID under the
/// same name is left alone.
class StatusManager {
 public:
  struct Deps {
    client::ApiClient& api;
    Executor& executor;
    const Clock& clock;
  };
  explicit StatusManager(Deps deps) : deps_(deps) {}

  /// The status to publish. Nothing is sent where it is what was last sent.
  void set(const std::shared_ptr<const Pod>& pod, PodStatus status);
  /// The pod's containers are gone and its node resources given back: the object may go once its status is
  /// written.
  void finish(const std::shared_ptr<const Pod>& pod);
  void forget(const std::string& uid);
  /// What was set last; nothing where nothing was.
  std::shared_ptr<const PodStatus> last(const std::string& uid) const;
  /// Repeats what failed.
  void tick();

 private:
  struct Entry {
    std::shared_ptr<const Pod> pod;
    std::shared_ptr<const PodStatus> status;
    bool dirty = false;
    bool finished = false;
    bool sending = false;
  };
  void kick(const std::string& uid);
  void send(const std::string& uid);
  Result<void> write(const Pod& pod, const PodStatus* status, bool finished);

  Deps deps_;
  mutable Mutex m_;
  std::map<std::string, Entry> entries_ MZ_GUARDED_BY(m_);
};

/// Pure: what is ours of the status on top of what others wrote: foreign conditions and the fields of other
/// writers stay.
PodStatus merge_status(const PodStatus& in_api, const PodStatus& ours);

}  // namespace mizzen::kubelet
