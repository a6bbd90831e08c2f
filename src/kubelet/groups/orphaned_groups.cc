#include "kubelet/groups/orphaned_groups.h"

#include "telemetry/log.h"

namespace mizzen::kubelet {

size_t remove_orphaned_groups(const linux::Cgroups& groups, const std::string& root,
                              const std::function<bool(const std::string& uid)>& is_known,
                              const std::function<void(int pid)>& kill) {
  constexpr std::string_view kPrefix = "pod";
  size_t out = 0;
  for (const char* qos : {"", "/burstable", "/besteffort"}) {
    for (const auto& name : groups.children(root + qos)) {
      if (!name.starts_with(kPrefix) || is_known(name.substr(kPrefix.size()))) continue;
      const std::string group = root + qos + "/" + name;
      for (const int pid : groups.processes(group)) kill(pid);
      const auto removed = groups.remove(group);
      if (removed.ok()) {
        ++out;
        log::info("kubelet", "Removed the control group of a gone pod", {log::kv("group", group)});
      } else if (removed.error().code() != Code::Conflict) {
        log::warn("kubelet", "Cannot remove the control group of a gone pod",
                  {log::kv("group", group), log::kv("error", removed.error().message())});
      }
    }
  }
  return out;
}

Result<void> remove_pod_group(const linux::Cgroups& groups, const std::string& group,
                              const std::function<void(int pid)>& kill) {
  if (!groups.exists(group)) return {};
  for (const int pid : groups.processes(group)) kill(pid);
  return groups.remove(group);
}

}  // namespace mizzen::kubelet
