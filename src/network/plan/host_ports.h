#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// Pure: BadRequest where this network cannot open such a port.
Result<void> check_host_port(const HostPort& port);
/// Pure: check_host_port() of each, and that no two are the same port of the node.
Result<void> check_host_ports(const std::vector<HostPort>& ports);

/// True for a port on every address of the node.
bool on_all_addresses(const HostPort& port);
/// Two claims on one port: the same protocol and number, and an address in common, as the scheduler sees it.
bool overlap(const HostPort& a, const HostPort& b);

/// Pure: the attachment other than `claimant` that has this port or one that overlaps; null where it is
/// free. One that is on its way out still has its ports.
const PodAttachment* holder_of(const NodePlan& plan, const HostPort& port, const AttachmentKey& claimant);

/// Conflict: the port, and who has it.
Error taken(const HostPort& port, const PodAttachment& holder);

}  // namespace mizzen::network
