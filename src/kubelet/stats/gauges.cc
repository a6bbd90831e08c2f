#include "kubelet/stats/gauges.h"

#include "linux/files/system_info.h"

namespace mizzen::kubelet {

int64_t MachineGauges::processes_max() { return linux::processes_max(); }

std::optional<linux::GroupUse> MachineGauges::group(const std::string& path) {
  if (!groups_) return std::nullopt;
  auto use = groups_->use(path);
  return use.ok() ? std::optional(*use) : std::nullopt;
}

std::vector<linux::InterfaceUse> MachineGauges::interfaces_of(const std::string& group) {
  if (!groups_) return {};
  for (const int pid : groups_->processes(group)) {
    auto all = linux::interface_use(pid);
    if (!all.empty()) return all;
  }
  return {};
}

std::optional<linux::DiskSpace> MachineGauges::disk(const std::string& path) {
  auto space = linux::disk_space(path);
  return space.ok() ? std::optional(*space) : std::nullopt;
}

}  // namespace mizzen::kubelet
