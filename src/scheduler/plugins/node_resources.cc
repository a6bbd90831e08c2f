#include <algorithm>
#include <cmath>

#include "placement/fit.h"
#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {
namespace {

constexpr int64_t kScoreMax = 100;

int64_t least(int64_t requested, int64_t capacity) {
  if (requested > capacity) return 0;
  return (capacity - requested) * kScoreMax / capacity;
}

/// 100 where CPU and memory are used alike.
int64_t balance(const Amounts& used, const Amounts& allocatable) {
  double fractions[2];
  int n = 0;
  const auto fraction = [&](int64_t a, int64_t of) {
    if (of > 0) fractions[n++] = std::min(1.0, static_cast<double>(a) / static_cast<double>(of));
  };
  fraction(used.milli_cpu, allocatable.milli_cpu);
  fraction(used.memory, allocatable.memory);
  const double deviation = n == 2 ? std::abs(fractions[0] - fractions[1]) / 2 : 0;
  return static_cast<int64_t>((1 - deviation) * kScoreMax);
}

}  // namespace

std::optional<Rejection> check_resources(const PodInfo& pod, const NodeState& node) {
  Rejection out;
  out.unresolvable = false;
  for (const placement::Shortage& s :
       placement::shortages(pod.load->requests, node.requested, node.pods.size(), node.allocatable)) {
    const bool pods = s.resource == "pods";
    out.reasons.push_back(pods ? "Too many pods" : "Insufficient " + s.resource);
    out.unresolvable = out.unresolvable || (!pods && s.hopeless());
  }
  if (out.reasons.empty()) return std::nullopt;
  return out;
}

int64_t score_least_allocated(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  int64_t sum = 0;
  int64_t weights = 0;
  const auto add = [&](int64_t requested, int64_t capacity) {
    if (capacity <= 0) return;
    sum += least(requested, capacity);
    ++weights;
  };
  add(node.nonzero_milli_cpu + pod.load->nonzero_milli_cpu, node.allocatable.milli_cpu);
  add(node.nonzero_memory + pod.load->nonzero_memory, node.allocatable.memory);
  return weights ? sum / weights : 0;
}

int64_t score_balanced(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  Amounts with = node.requested;
  with.add(pod.load->requests);
  const int64_t gain = balance(with, node.allocatable) - balance(node.requested, node.allocatable);
  return kScoreMax / 2 + (kScoreMax / 2 + gain) / 2;
}

}  // namespace mizzen::scheduler
