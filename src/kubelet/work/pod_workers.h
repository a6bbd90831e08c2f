#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "kubelet/decide/node_room.h"
#include "kubelet/work/pod_work.h"

namespace mizzen::kubelet {

/// Role: which pods this node has, and the work of each. Place: made by Kubelet; fed by the sources of pods,
/// the runtime's cache and the probes. Truth: derived: what is wanted is the sources', what is so is the
/// runtime's. Threading: thread-safe; nothing blocks but stop(). Failure: a pod beyond PodOptions::pods_max
/// (reason OutOfpods), one that does not fit (decide/node_room.h), or one that asks for what this node cannot
/// do (decide/admission.h), is refused, phase Failed, before anything is done for it; one that runs already,
/// from before a restart, is never refused.
class PodWorkers {
 public:
  explicit PodWorkers(NodeWorld& world) : world_(world) {}
  ~PodWorkers() { stop(); }

  /// A pod is to run here, or changed. One whose source had taken it back (a manifest that is written anew
  /// just as it was) comes up again once what ran of it has ended.
  void upsert(const std::shared_ptr<const Pod>& pod);
  /// Its source has it no more; `last` is how it was, null where unknown.
  void gone(const std::string& uid, const std::shared_ptr<const Pod>& last = nullptr);
  /// The runtime has a pod that no source knows: it ends, and all of it is removed.
  void remove_orphan(const RuntimeCache::PodName& name);
  /// Takes a pod down for a reason of the node's own. False where there is none of this uid.
  bool end(const std::string& uid, PodEnd end);
  /// The disk is full: what is left of containers of pods that are over goes, with their logs.
  void remove_dead_containers();
  /// Something happened to the pod; it is looked at soon.
  void kick(const std::string& uid);
  void kick_all();
  /// What the pod's volumes are made of changed.
  void refresh(const std::string& uid);

  bool knows(const std::string& uid) const;
  /// How many pods ended here so far, with nothing of them left that is known.
  uint64_t forgotten() const;
  /// The pods as they are wanted, with the status last published.
  std::vector<std::shared_ptr<const Pod>> pods() const;
  std::shared_ptr<const Pod> find(const std::string& namespace_, const std::string& name) const;
  /// Pods that count against what the node can run.
  size_t active() const;
  /// Nothing runs or begins after this returned. Containers go on.
  void stop();

 private:
  using WorkPtr = std::shared_ptr<PodWork>;
  WorkPtr find_work(const std::string& uid) const;
  WorkPtr make_work(const std::shared_ptr<const Pod>& pod);
  void forget(const std::string& uid);
  void admit();
  std::set<std::string> static_names() const MZ_REQUIRES(m_);
  /// What the node has, and what the pods that count take of it.
  NodeRoom room_now() const;
  std::shared_ptr<const Pod> with_status(std::shared_ptr<const Pod> pod) const;

  NodeWorld& world_;
  mutable Mutex m_;
  std::map<std::string, WorkPtr> works_ MZ_GUARDED_BY(m_);  ///< by uid
  std::map<std::string, uint64_t> arrivals_ MZ_GUARDED_BY(m_);
  std::map<std::string, std::shared_ptr<const Pod>> returning_
      MZ_GUARDED_BY(m_);  ///< by uid: wanted again, while its work ends
  uint64_t arrived_ MZ_GUARDED_BY(m_) = 0;
  uint64_t forgotten_ MZ_GUARDED_BY(m_) = 0;
  Mutex admitting_;  ///< one after the other
  /// Pods that the node's labels do not suit, and since when: the API may tell of labels after it tells of
  /// pods.
  std::map<std::string, Monotonic> doubts_ MZ_GUARDED_BY(admitting_);
};

}  // namespace mizzen::kubelet
