#include "network/bridge/mac.h"

#include <fmt/format.h>

namespace mizzen::network {

std::string mac_of(uint32_t address) {
  return fmt::format("0a:58:{:02x}:{:02x}:{:02x}:{:02x}", address >> 24, (address >> 16) & 255,
                     (address >> 8) & 255, address & 255);
}

}  // namespace mizzen::network
