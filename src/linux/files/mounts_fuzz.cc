// /proc/self/mountinfo holds paths that containers choose: any text is read, escapes included.
#include <cstdint>
#include <cstdlib>

#include "linux/files/mounts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t bytes = 0;
  for (const auto& entry : mizzen::linux::parse_mountinfo(text)) bytes += entry.mount_point.size();
  if (bytes > size) std::abort();
  return 0;
}
