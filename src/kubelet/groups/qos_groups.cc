#include "kubelet/groups/qos_groups.h"

#include "kubelet/config/resources.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {

QosLimits qos_limits(const std::vector<std::shared_ptr<const Pod>>& pods, const PodsShare& machine) {
  int64_t burstable = 0;
  for (const auto& pod : pods)
    if (!is_terminal(pod->status.phase) && qos_class(*pod) == "Burstable")
      burstable += requests_of(*pod).cpu_milli;
  QosLimits out;
  if (machine.cpus > 0) out.all.cpu_shares = static_cast<uint64_t>(shares_of(machine.cpus * int64_t{1000}));
  if (machine.memory_bytes > 0) out.all.memory_limit_bytes = machine.memory_bytes;
  if (machine.pids > 0) out.all.pids_max = machine.pids;
  out.burstable.cpu_shares = static_cast<uint64_t>(shares_of(burstable));
  out.best_effort.cpu_shares = static_cast<uint64_t>(shares_of(0));
  return out;
}

Result<void> QosGroups::write(const QosLimits& limits) {
  if (!burstable_) {  // the first time: these do not change
    MZ_TRY(groups_.ensure(root_, limits.all));
    MZ_TRY(groups_.ensure(root_ + "/besteffort", limits.best_effort));
  }
  return groups_.ensure(root_ + "/burstable", limits.burstable);
}

void QosGroups::update(const std::vector<std::shared_ptr<const Pod>>& pods) {
  const QosLimits limits = qos_limits(pods, machine_);
  Lock lock(m_);
  if (burstable_ == limits.burstable.cpu_shares) return;
  const auto written = write(limits);
  if (written.ok()) {
    if (!burstable_)
      events_.node_event(false, "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
    burstable_ = limits.burstable.cpu_shares;
    failed_ = false;
    return;
  }
  log::warn("kubelet", "Cannot limit pods as a whole", {log::kv("error", written.error().message())});
  if (!failed_)
    events_.node_event(
        true, "FailedNodeAllocatableEnforcement",
        "Failed to update Node Allocatable Limits " + root_ + ": " + written.error().message());
  failed_ = true;
}

}  // namespace mizzen::kubelet
