#include "placement/fit.h"

#include <string_view>

namespace mizzen::placement {

std::vector<Shortage> shortages(const Amounts& wanted, const Amounts& used, size_t pods,
                                const Amounts& allocatable) {
  std::vector<Shortage> out;
  const auto count = static_cast<int64_t>(pods);
  if (count + 1 > allocatable.pods) out.push_back({"pods", 1, count, allocatable.pods});
  const auto need = [&](std::string_view name, int64_t asked, int64_t taken, int64_t there) {
    if (asked > 0 && asked > there - taken) out.push_back({std::string(name), asked, taken, there});
  };
  need("cpu", wanted.milli_cpu, used.milli_cpu, allocatable.milli_cpu);
  need("memory", wanted.memory, used.memory, allocatable.memory);
  need("ephemeral-storage", wanted.ephemeral_storage, used.ephemeral_storage, allocatable.ephemeral_storage);
  for (const auto& [name, asked] : wanted.others)
    need(name, asked, used.other(name), allocatable.other(name));
  return out;
}

}  // namespace mizzen::placement
