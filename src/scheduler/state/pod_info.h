#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "codec/tables/containers.h"
#include "codec/tables/quantity.h"

namespace mizzen::scheduler {

using api::core::v1::Pod;

/// Amounts as the scheduler counts them: thousandths of a CPU, bytes, whole numbers of everything else.
struct Amounts {
  int64_t milli_cpu = 0;
  int64_t memory = 0;
  int64_t ephemeral_storage = 0;
  int64_t pods = 0;
  std::map<std::string, int64_t> others;  ///< extended resources and huge pages; none is zero

  static Amounts of(const codec::Map<codec::Quantity>& list);
  void add(const Amounts& other, int64_t sign = 1);
  /// Of each resource the larger amount.
  void raise_to(const Amounts& other);
  friend bool operator==(const Amounts&, const Amounts&) = default;
};

/// A port that a pod takes on its node.
struct HostPort {
  std::string ip;  ///< 0.0.0.0 where the pod does not say
  std::string protocol;
  int32_t port = 0;
  bool conflicts_with(const HostPort& other) const;
};

/// What a pod takes of its node: all that is kept of pods that have one. Threading: immutable, shared.
struct PodLoad {
  explicit PodLoad(const Pod& pod);

  std::string uid;
  Amounts requests;
  /// For scores alone: containers that ask for no CPU or memory count with 100m and 200 MiB.
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
