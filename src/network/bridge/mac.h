#pragma once
#include <cstdint>
#include <string>

namespace mizzen::network {

/// A locally administered MAC address that belongs to this IP address, so that neighbours' caches stay right
/// when an address moves from one pod to the next.
std::string mac_of(uint32_t address);

}  // namespace mizzen::network
