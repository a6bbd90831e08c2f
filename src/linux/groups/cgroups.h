#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linux/files/mounts.h"

namespace mizzen::linux {

/// Limits of one control group. What is absent is not written.
struct CgroupLimits {
  std::optional<uint64_t> cpu_shares;   ///< v1 weight, 2..262144; turned into cpu.weight on v2
  std::optional<int64_t> cpu_quota_us;  ///< per period; -1: none
  uint64_t cpu_period_us = 100'000;
  std::optional<int64_t> memory_limit_bytes;  ///< -1: none
  std::optional<int64_t> pids_max;            ///< -1: none
};

/// What a control group uses, as cadvisor counts it. What the machine does not count is absent.
struct GroupUse {
  std::optional<uint64_t> cpu_ns;  ///< since the group was made
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> working_set_bytes;  ///< memory less what can be dropped at once
  std::optional<uint64_t> rss_bytes;
  std::optional<uint64_t> page_faults;
  std::optional<uint64_t> major_page_faults;
  std::optional<uint64_t> memory_limit_bytes;  ///< absent: none
  std::optional<uint64_t> swap_bytes;
  std::optional<uint64_t> threads;
};

/// The control group hierarchies of this machine, version 1 (one folder a controller) or version 2 (one
/// folder), and groups in them named by a path such as `/kubepods/burstable/pod1234`, the same in every
/// hierarchy (the "cgroupfs" driver). Threading: immutable after detect(); the operations go straight to the
/// kernel and are idempotent.
class Cgroups {
 public:
  /// ServiceUnavailable where neither version is mounted with cpu and memory.
  static Result<Cgroups> detect();
  /// Pure: from the mounts of the machine.
  static Result<Cgroups> from_mounts(const std::vector<MountEntry>& mounts);

  bool unified() const { return unified_; }
  /// True where version 2 is also mounted beside version 1 and carries controllers (crun refuses to work
  /// then).
  bool hybrid() const { return hybrid_; }
  /// Creates the group, and those above it, in every hierarchy, and writes the limits. Limits of controllers
  /// that the machine lacks are left out silently.
  Result<void> ensure(const std::string& path, const CgroupLimits& limits) const;
  /// Removes the group and the groups in it from every hierarchy. Conflict where processes are still inside.
  Result<void> remove(const std::string& path) const;
  bool exists(const std::string& path) const;
  /// Names of the groups directly below `path`, in any hierarchy; sorted.
  std::vector<std::string> children(const std::string& path) const;
  /// Process ids in the group and the groups below it.
  std::vector<int> processes(const std::string& path) const;
  /// NotFound where there is no such group.
  Result<GroupUse> use(const std::string& path) const;

 private:
  struct Hierarchy {
    std::vector<std::string> controllers;
    std::string mount_point;
  };
  const Hierarchy* with(std::string_view controller) const;
  std::optional<std::string> read_control(std::string_view controller, const std::string& path,
                                          std::string_view v1, std::string_view v2) const;
  void read_memory(const std::string& path, GroupUse& out) const;
  Result<void> write_limits(const std::string& path, const CgroupLimits& limits) const;

  std::vector<Hierarchy> hierarchies_;
  bool unified_ = false;
  bool hybrid_ = false;
  std::string second_;  ///< mount point of version 2 beside version 1; empty where there is none
};

/// The cpu.weight (1..10000) of version 2 that stands for shares of version 1, as the kubelet and runc
/// compute it.
uint64_t cpu_weight_of_shares(uint64_t shares);

}  // namespace mizzen::linux
