#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "client/api/api_client.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What is known of one name: the pod that this node runs, and what shows it in the API.
struct MirrorState {
  std::shared_ptr<const Pod> pod;     ///< of a file or another source of this node; null: none
  std::shared_ptr<const Pod> mirror;  ///< null: none
  /// Of other sources, under the same name: the API has one place, which the first of them keeps.
  std::vector<std::shared_ptr<const Pod>> others = {};
};
enum class MirrorAction : uint8_t { None, Create, Delete };
/// Pure: one that shows another manifest, whose deletion was asked for, or which shows nothing goes; a pod
/// that nothing shows gets one.
MirrorAction mirror_action(const MirrorState& state);
/// Pure: what is created: the pod, owned by the node, which may make it for itself alone.
Pod mirror_of(const Pod& pod, const std::string& node_name, const std::string& node_uid);

/// Role: keeps a mirror pod in the API for each pod that this node has from elsewhere, so that everybody sees
/// it. The API never decides about such a pod: a deleted mirror is made again. Truth: the sources for the
/// pods, the API for the mirrors. Threading: thread-safe; calls to the API are made on the executor, one at a
/// time. Failure: repeated by tick(). Lifecycle: the executor is stopped before it goes.
class MirrorPods {
 public:
  struct Deps {
    client::ApiClient& api;
    Executor& executor;
    std::string node_name;
    /// Every source was heard: a mirror of an unknown pod is left over.
    std::function<bool()> sources_ready;
    /// A static pod's mirror as the API has it; null: none.
    std::function<void(const std::string& uid, const std::shared_ptr<const Pod>& mirror)> on_mirror;
  };
  explicit MirrorPods(Deps deps) : deps_(std::move(deps)) {}
  ~MirrorPods() { stop(); }

  void want(const std::shared_ptr<const Pod>& pod);
  void unwant(const std::shared_ptr<const Pod>& pod);
  void seen(const std::shared_ptr<const Pod>& mirror, bool there);
  /// Whoever hears of mirrors forgot this pod's.
  void tell_again(const std::shared_ptr<const Pod>& pod);
  /// Repeats what failed.
  void tick();
  void stop() { gate_.close(); }

 private:
  using Key = std::string;  ///< namespace/name
  void update(const std::shared_ptr<const Pod>& of, const std::function<void(MirrorState&)>& change);
  void kick();
  void work();
  Result<void> carry_out(MirrorAction action, const MirrorState& state);

  const Deps deps_;
  Gate gate_;
  Mutex m_;
  std::map<Key, MirrorState> states_ MZ_GUARDED_BY(m_);
  bool working_ MZ_GUARDED_BY(m_) = false;
  bool again_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
