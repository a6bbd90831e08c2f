#pragma once
#include <string>

#include "apps/config/options.h"
#include "hollow/fleet.h"

namespace mizzen::apps {

/// Of `mizzen hollow-node`.
struct HollowOptions {
  std::string kubeconfig;
  std::string node_network = "172.16.0.0/12";
  std::string pod_network = "10.128.0.0/9";
  double qps = 0;  ///< of one node; 0: no limit
  int burst = 0;
  hollow::FleetOptions fleet;  ///< networks aside
  LogOptions log;
};

}  // namespace mizzen::apps
