#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace mizzen::linux {

/// What is used of this machine right now. What cannot be read is zero.
struct MachineUse {
  uint64_t memory_bytes = 0;       ///< all there is
  uint64_t memory_free_bytes = 0;  ///< used by nobody
  uint64_t file_cache_bytes = 0;   ///< of files that nobody has used lately: goes when somebody needs it
  uint64_t anonymous_bytes = 0;
  uint64_t swap_bytes = 0;
  uint64_t swap_free_bytes = 0;
  uint64_t cpu_ns = 0;  ///< of all processors, since the start
  uint64_t page_faults = 0;
  uint64_t major_page_faults = 0;
  int64_t threads = 0;
  WallTime booted{};
};
MachineUse machine_use();

/// What went over an interface since it is there.
struct InterfaceUse {
  std::string name;
  uint64_t received_bytes = 0;
  uint64_t received_errors = 0;
  uint64_t sent_bytes = 0;
  uint64_t sent_errors = 0;
};
/// All but the loopback, in the network of process `pid`; 0: ours. Empty where the process is gone.
std::vector<InterfaceUse> interface_use(int pid);
/// Pure: from the text of /proc/net/dev.
std::vector<InterfaceUse> parse_interface_use(const std::string& text);
/// The interface of our default route for IPv4; empty where there is none.
std::string default_interface();

}  // namespace mizzen::linux
