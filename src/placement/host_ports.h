#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"

namespace mizzen::placement {

/// A port that a pod takes on its node.
struct HostPort {
  std::string ip;  ///< 0.0.0.0 where the pod does not say
  std::string protocol;
  int32_t port = 0;
  bool conflicts_with(const HostPort& other) const;
};

/// Those of what runs together. Pure.
std::vector<HostPort> host_ports_of(const api::core::v1::Pod& pod);
/// One of `wanted` is taken.
bool conflict(const std::vector<HostPort>& wanted, const std::vector<HostPort>& taken);

}  // namespace mizzen::placement
