#include "network/plan/addresses.h"

#include <fmt/format.h>

#include <set>

namespace mizzen::network {

Result<uint32_t> next_address(const AddressRange& range, const NodePlan& plan, uint32_t last) {
  std::set<uint32_t> taken;
  for (const auto& [key, pod] : plan.pods) {
    for (const auto& a : pod.addresses)
      if (const auto address = parse_ipv4(a.address)) taken.insert(*address);
  }
  const uint32_t first = range.gateway() + 1;
  const uint32_t count = range.pods.size() - 3;
  const uint32_t start = range.pods.contains(last) && last >= first ? last - first + 1 : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t address = first + (start + i) % count;
    if (!taken.contains(address)) return address;
  }
  return Error(Code::TooManyRequests, fmt::format("no free address in {}", range.pods.text()));
}

std::string mac_of(uint32_t address) {
  return fmt::format("0a:58:{:02x}:{:02x}:{:02x}:{:02x}", address >> 24, (address >> 16) & 255,
                     (address >> 8) & 255, address & 255);
}

std::string host_interface_name(const AttachmentKey& key) {
  uint64_t hash = 1469598103934665603ull;
  for (const char c : key.container_id + "/" + key.interface)
    hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  return fmt::format("{}{:012x}", kHostInterfacePrefix, hash & 0xffffffffffffull);
}

}  // namespace mizzen::network
