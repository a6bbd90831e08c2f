#pragma once
#include <string>
#include <vector>

#include "client/api/api_client.h"

namespace mizzen::sim {

/// Everything that the API has, one line for each object, in order: what people asked for and what came of
/// it, without what differs from run to run: uids, revisions, times, counts of changes, addresses, nodes and
/// names that were drawn. Leases and events are left out.
Result<std::vector<std::string>> state_of(client::ApiClient& api);

/// The first lines in which two differ; empty where they do not.
std::string difference(const std::vector<std::string>& wanted, const std::vector<std::string>& found);

}  // namespace mizzen::sim
