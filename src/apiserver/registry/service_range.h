#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace mizzen::apiserver {

/// The IPv4 range that services get their addresses from. Hosts are numbered from 1; the first is the API's
/// own service.
struct ServiceRange {
  uint32_t base = 0;  ///< host byte order
  uint32_t size = 0;

  bool contains(uint32_t address) const { return address > base && address - base < size - 1; }
};

/// "10.96.0.0/12"; /8 to /30. InternalError otherwise: it is the operator's.
Result<ServiceRange> parse_service_range(const std::string& cidr);
std::string ipv4_text(uint32_t address);
/// Dotted IPv4 in host byte order; nothing where it is none.
std::optional<uint32_t> parse_ipv4(const std::string& text);

}  // namespace mizzen::apiserver
