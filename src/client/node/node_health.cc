#include "client/node/node_health.h"

#include "client/node/conditions.h"

namespace mizzen::client {
namespace {

void say(api::core::v1::NodeStatus& status, const char* type, bool value, const std::string& reason,
         const std::string& message, WallTime now) {
  auto& c = set_condition(status.conditions, type, value, reason, now);
  c.message = message;
  c.lastHeartbeatTime = codec::Time::from(now);
}

}  // namespace

void set_health(api::core::v1::NodeStatus& status, const NodeHealth& health, WallTime now) {
  const bool memory = health.memory_short, disk = health.disk_short, pids = health.pids_short;
  const std::string& problem = health.problem;
  say(status, "MemoryPressure", memory,
      memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
      memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available", now);
  say(status, "DiskPressure", disk, disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
      disk ? "kubelet has disk pressure" : "kubelet has no disk pressure", now);
  say(status, "PIDPressure", pids, pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
      pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available", now);
  say(status, "Ready", problem.empty(), problem.empty() ? "KubeletReady" : "KubeletNotReady",
      problem.empty() ? "kubelet is posting ready status" : problem, now);
}

}  // namespace mizzen::client
