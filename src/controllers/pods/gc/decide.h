#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "controllers/framework/pods.h"

/// Which pods nobody else will ever take away; pure.
namespace mizzen::controllers::pod_gc {

/// Not ready and tainted node.kubernetes.io/out-of-service.
bool out_of_service(const api::core::v1::Node& node);

/// A node's name has to be missing for this long before its pods go.
inline constexpr Duration kQuarantine = std::chrono::seconds(40);

enum class Why : uint8_t {
  Finished,      ///< more finished pods than may be kept; the oldest go, evicted ones first
  OutOfService,  ///< terminating on a node that is out_of_service()
  Orphaned,      ///< its node does not exist
  Unscheduled,   ///< terminating and never bound
};

/// A pod to delete, and why.
struct Doomed {
  PodPtr pod;
  Why why;
};

/// What to delete now. `pods`: at least those that are terminating and not bound, those on `dead` nodes
/// (which are out of service) and on missing ones, and all finished ones where there are more than
/// `finished_max`. `missing_since`: for nodes that do not exist, since when that is known. `finished_max` 0:
/// no limit.
std::vector<Doomed> doomed(const std::vector<PodPtr>& pods, const std::set<std::string>& dead,
                           const std::map<std::string, WallTime>& missing_since, int32_t finished_max,
                           WallTime now);

}  // namespace mizzen::controllers::pod_gc
