#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// Pure: the lowest address of the range after `last` that no attachment of the plan has, from the start
/// again at its end, so that a freed address is the last to be given again. The gateway's, the network's and
/// the broadcast address are never given. TooManyRequests when the range is used up.
Result<uint32_t> next_address(const AddressRange& range, const NodePlan& plan, uint32_t last);

/// A locally administered MAC address that belongs to this IP address, so that neighbours' caches stay right
/// when an address moves from one pod to the next.
std::string mac_of(uint32_t address);

/// The node's end of a pod's cable: the same name for the same container and interface, 15 characters at
/// most.
std::string host_interface_name(const AttachmentKey& key);
/// What the names of all pods' cables begin with.
inline constexpr const char* kHostInterfacePrefix = "mz";

}  // namespace mizzen::network
