#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mizzen::linux {

/// What a node says about its machine in status.nodeInfo and status.capacity. What cannot be read is empty or
/// zero.
struct SystemInfo {
  std::string hostname;
  std::string kernel_version;  ///< uname -r
  std::string os_image;        ///< PRETTY_NAME of os-release
  std::string architecture;    ///< as Go names it: amd64, arm64
  std::string machine_id;
  std::string system_uuid;
  std::string boot_id;
  uint64_t memory_bytes = 0;
  uint64_t swap_bytes = 0;
  int cpus = 0;
  /// Memory set aside for huge pages: page size and total, in bytes, smallest page first.
  std::vector<std::pair<uint64_t, uint64_t>> huge_pages;
};
SystemInfo system_info();

/// How many processes and threads the kernel can have at all; 0 where unknown.
int64_t processes_max();

/// True where the kernel enforces AppArmor profiles.
bool app_armor_enabled();

/// True where this process has the capability of this number (linux/capability.h) in effect.
bool has_capability(int number);

/// Writes a kernel parameter: set_kernel_parameter("net/ipv4/ip_forward", "1").
Result<void> set_kernel_parameter(const std::string& path, const std::string& value);

}  // namespace mizzen::linux
