#pragma once
#include <map>
#include <set>
#include <vector>

#include "kubelet/eviction/thresholds.h"
#include "kubelet/schema/stats/v1alpha1/summary.h"
#include "kubelet/state/node_abilities.h"

namespace mizzen::kubelet {

/// How much of something is left.
struct Observation {
  codec::Quantity available;
  int64_t capacity = 0;
};
using Observations = std::map<Signal, Observation>;
/// Pure. What is not known has no entry.
Observations observations_of(const stats::v1alpha1::Summary& summary);

/// What is carried from one round to the next. Thresholds by their index.
struct ThresholdHistory {
  std::set<size_t> met;                         ///< with their grace period over, and not resolved
  std::map<size_t, Monotonic> since;            ///< below the threshold
  std::optional<Monotonic> memory, disk, pids;  ///< pressure, when last seen
};

/// What a round found.
struct EvictionVerdict {
  Pressures pressures;          ///< now, or not long ago
  std::vector<size_t> reclaim;  ///< thresholds that something has to be done about; memory first
};

/// Pure but for `history`. A threshold is met below its value, and stays so until what is to be reclaimed is
/// there too.
EvictionVerdict judge(const EvictionConfig& config, const Observations& seen, ThresholdHistory& history,
                      Monotonic now);
/// Pure: there is enough of everything, and all that was to be reclaimed.
bool is_relieved(const EvictionConfig& config, const Observations& seen);

}  // namespace mizzen::kubelet
