#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/tables/quantity.h"

namespace mizzen::kubelet {

/// What may run short on a node.
enum class Signal : uint8_t {
  MemoryAvailable,
  AllocatableMemoryAvailable,  ///< of what pods may have
  NodeFsAvailable,
  NodeFsInodesFree,
  ImageFsAvailable,
  ImageFsInodesFree,
  PidAvailable,
};
/// memory.available.
std::string_view signal_name(Signal signal);
/// memory, ephemeral-storage, inodes or pids.
std::string_view resource_of(Signal signal);
bool is_of_memory(Signal signal);
bool is_of_disk(Signal signal);

/// So much, or so great a part of what there is.
struct Amount {
  std::optional<codec::Quantity> quantity;
  float part = 0;  ///< as upstream: its messages show what comes of the rounding
  codec::Quantity of(int64_t capacity) const;
};

/// Below `value` for as long as `grace` something is done about it, until there is `min_reclaim` more.
struct Threshold {
  Signal signal = Signal::MemoryAvailable;
  Amount value;
  Duration grace{};  ///< zero: at once ("hard")
  std::optional<Amount> min_reclaim;
  bool is_hard() const { return grace == Duration::zero(); }
};

/// When a node takes pods down to save itself.
struct EvictionConfig {
  std::vector<Threshold> thresholds;
  Duration pressure_transition = std::chrono::minutes(5);  ///< a condition stays that long after its cause
  int64_t pod_grace_max_s = 0;  ///< of pods evicted by soft thresholds; negative: their own

  /// What the node keeps free by its hard threshold of this signal.
  int64_t kept(Signal signal, int64_t capacity) const;
};

/// As the flags of upstream's kubelet say it: `memory.available<100Mi,nodefs.available<10%`, and with `=` for
/// grace periods and amounts to reclaim.
struct EvictionFlags {
  std::string hard =
      "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,"
      "imagefs.inodesFree<5%";
  std::string soft;
  std::string soft_grace_period;
  std::string minimum_reclaim;
};
/// Pure. BadRequest in upstream's words. Thresholds of containerfs are taken and, as upstream, mean nothing
/// of their own: that file system is the node's or the images'.
Result<EvictionConfig> parse_eviction(const EvictionFlags& flags);

}  // namespace mizzen::kubelet
