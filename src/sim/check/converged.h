#pragma once
#include <string>

#include "client/api/api_client.h"

namespace mizzen::sim {

/// What is left over, of every kind that there is: objects that wait to be deleted, whose owners are gone, or
/// whose namespace is. The first thing found; empty where nothing is.
std::string what_is_left_over(client::ApiClient& api);

/// What a cluster still lacks of what it was asked for: every Deployment has the pods that it wants, of its
/// newest template, and no others; every pod runs or has ended, on a node that is there; nothing waits to be
/// deleted; every dependent has an owner; a Service's slices name just its ready pods; no two Services have
/// one address or node port. The first thing found; empty where all is well.
std::string what_is_missing(client::ApiClient& api);

}  // namespace mizzen::sim
