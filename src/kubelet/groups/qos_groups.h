#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "kubelet/state/events.h"
#include "linux/groups/cgroups.h"

namespace mizzen::kubelet {

/// What all pods together, and those of each class, may have.
struct QosLimits {
  linux::CgroupLimits all;
  linux::CgroupLimits burstable;    ///< as much CPU as its pods ask for
  linux::CgroupLimits best_effort;  ///< what nobody else wants
};
/// The machine, as far as it bounds its pods.
struct PodsShare {
  int cpus = 0;
  int64_t memory_bytes = 0;
  int64_t pids = 0;  ///< 0: unknown
};
/// Pure: as upstream's node allocatable and its QoS manager. Pods that are over count for nothing.
QosLimits qos_limits(const std::vector<std::shared_ptr<const Pod>>& pods, const PodsShare& machine);

/// Role: the control groups above those of pods: /kubepods, /kubepods/burstable, /kubepods/besteffort, so
/// that classes of pods get their parts of the CPU where it is short, and pods as a whole no more than the
/// machine has. Truth: the pods; written where it changed. Threading: thread-safe; blocks on the kernel.
/// Failure: what the kernel refuses is told by an event of the node, once, and tried again.
class QosGroups {
 public:
  QosGroups(const linux::Cgroups& groups, std::string root, PodsShare machine, Events& events)
      : groups_(groups), root_(std::move(root)), machine_(machine), events_(events) {}
  void update(const std::vector<std::shared_ptr<const Pod>>& pods);

 private:
  Result<void> write(const QosLimits& limits) MZ_REQUIRES(m_);

  const linux::Cgroups& groups_;
  const std::string root_;
  const PodsShare machine_;
  Events& events_;
  Mutex m_;
  std::optional<uint64_t> burstable_ MZ_GUARDED_BY(m_);  ///< shares, as last written
  bool failed_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
