#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "placement/amounts.h"
#include "placement/host_ports.h"

namespace mizzen::scheduler {

using api::core::v1::Pod;

using placement::Amounts;
using placement::HostPort;

/// What a pod takes of its node: all that is kept of pods that have one. Threading: immutable, shared.
struct PodLoad {
  explicit PodLoad(const Pod& pod);

  std::string uid;
  Amounts requests;
  /// For scores alone: placement::requests_of() with defaults.
  int64_t nonzero_milli_cpu = 0;
  int64_t nonzero_memory = 0;
  std::vector<HostPort> host_ports;
  std::vector<std::string> volume_claims;  ///< "namespace/name" of what its volumes claim
  int32_t priority = 0;
};
using PodLoadPtr = std::shared_ptr<const PodLoad>;

/// Role: a pod that waits, with what the filters ask of it, worked out once.
/// Threading: immutable, shared.
struct PodInfo {
  explicit PodInfo(std::shared_ptr<const Pod> pod);

  std::shared_ptr<const Pod> pod;
  PodLoadPtr load;
  std::string key;                  ///< namespace/name
  std::vector<std::string> images;  ///< with a tag

  const std::string& uid() const { return load->uid; }
};
using PodInfoPtr = std::shared_ptr<const PodInfo>;

}  // namespace mizzen::scheduler
