#include "scheduler/decide/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "scheduler/decide/claim_check.h"
#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {
namespace {

using Reasons = std::map<std::string, size_t>;

struct Refusal {
  Rejection rejection;
  uint32_t retry_on;
};

std::optional<Refusal> refuse(const PodInfo& pod, const ClaimCheck& claims, const NodeState& node) {
  for (const Filter& filter : filters())
    if (auto rejection = filter.check(pod, node)) return Refusal{std::move(*rejection), filter.retry_on};
  if (auto rejection = check_claims_on(claims, node))
    return Refusal{std::move(*rejection), kNodeAdded | kNodeLabels | kClaim | kPodGone};
  return std::nullopt;
}

/// All nodes of a small cluster; of a large one a share that shrinks from 50 to 5 percent.
size_t wanted_of(size_t nodes) {
  constexpr size_t kMin = 100;
  if (nodes < kMin) return nodes;
  const size_t shrink = nodes / 125;
  const size_t percent = shrink < 45 ? 50 - shrink : 5;
  return std::max(kMin, nodes * percent / 100);
}

/// "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable."
std::string summary(size_t nodes, const Reasons& reasons) {
  std::vector<std::string> texts;
  for (const auto& [reason, count] : reasons) texts.push_back(fmt::format("{} {}", count, reason));
  std::sort(texts.begin(), texts.end());
  std::string out = fmt::format("0/{} nodes are available:", nodes);
  if (!texts.empty()) out += fmt::format(" {}.", fmt::join(texts, ", "));
  return out;
}

/// Why making room by removing pods of lower priority would not do for this node.
std::vector<std::string> without_lower_priority(const PodInfo& pod, const ClaimCheck& claims,
                                                const NodeState& node, const Rejection& rejection) {
  if (rejection.unresolvable) return {"Preemption is not helpful for scheduling"};
  ClusterState emptied;
  emptied.set_node(*node.node);
  bool victims = false;
  for (const auto& [uid, present] : node.pods) {
    if (present->priority < pod.load->priority) {
      victims = true;
    } else {
      emptied.assume(present, node.name);
    }
  }
  if (!victims) return {"No preemption victims found for incoming pod"};
  if (auto still = refuse(pod, claims, *emptied.nodes().front())) return still->rejection.reasons;
  return {"Pods of lower priority are not preempted by this scheduler"};
}

int64_t normalized(const Scorer& scorer, int64_t score, int64_t highest) {
  if (scorer.normalize == Scorer::Normalize::None) return score;
  const bool reverse = scorer.normalize == Scorer::Normalize::Reverse;
  if (highest == 0) return reverse ? 100 : 0;
  const int64_t scaled = score * 100 / highest;
  return reverse ? 100 - scaled : scaled;
}

const NodeState& best(const PodInfo& pod, const ClusterState& state,
                      const std::vector<const NodeState*>& feasible, Random& random) {
  if (feasible.size() == 1) return *feasible.front();
  std::vector<int64_t> totals(feasible.size());
  std::vector<int64_t> scores(feasible.size());
  for (const Scorer& scorer : scorers()) {
    if (!scorer.applies(pod)) continue;
    for (size_t i = 0; i < feasible.size(); ++i) scores[i] = scorer.score(pod, *feasible[i], state);
    const int64_t highest = *std::max_element(scores.begin(), scores.end());
    for (size_t i = 0; i < feasible.size(); ++i)
      totals[i] += scorer.weight * normalized(scorer, scores[i], highest);
  }
  size_t chosen = 0;
  uint64_t ties = 1;
  for (size_t i = 1; i < feasible.size(); ++i) {
    if (totals[i] < totals[chosen]) continue;
    ties = totals[i] > totals[chosen] ? 1 : ties + 1;
    if (random.below(ties) == 0) chosen = i;
  }
  return *feasible[chosen];
}

}  // namespace

Decision decide(const PodInfo& pod, const ClusterState& state, Random& random, size_t start) {
  Decision out;
  const auto& nodes = state.nodes();
  if (nodes.empty()) {
    out.message = "no nodes available to schedule pods";
    out.retry_on = kNodeAdded;
    return out;
  }
  const ClaimCheck claims = check_claims(pod, state);
  if (!claims.never.empty()) {
    // Preemption, which upstream asks next, knows nothing of such a pod.
    out.message = fmt::format("0/{} nodes are available: {}. not found", nodes.size(), claims.never);
    out.retry_on = kClaim;
    out.next_start = start;
    return out;
  }
  const size_t wanted = wanted_of(nodes.size());
  std::vector<const NodeState*> feasible;
  std::vector<std::pair<const NodeState*, Rejection>> refused;
  for (size_t i = 0; i < nodes.size() && feasible.size() < wanted; ++i) {
    const NodeState* node = nodes[(start + i) % nodes.size()];
    if (auto refusal = refuse(pod, claims, *node)) {
      out.retry_on |= refusal->retry_on;
      refused.emplace_back(node, std::move(refusal->rejection));
    } else {
      feasible.push_back(node);
    }
  }
  out.next_start = (start + feasible.size() + refused.size()) % nodes.size();
  if (!feasible.empty()) {
    out.node = best(pod, state, feasible, random).name;
    return out;
  }
  Reasons reasons;
  for (const auto& [node, rejection] : refused)
    for (const std::string& reason : rejection.reasons) ++reasons[reason];
  out.message = summary(nodes.size(), reasons) + " no new claims to deallocate, preemption: ";
  const auto& policy = pod.pod->spec.preemptionPolicy;
  if (policy && *policy == "Never") {
    out.message += "not eligible due to preemptionPolicy=Never.";
    return out;
  }
  Reasons preemption;
  for (const auto& [node, rejection] : refused)
    for (const std::string& reason : without_lower_priority(pod, claims, *node, rejection))
      ++preemption[reason];
  out.message += summary(nodes.size(), preemption);
  return out;
}

}  // namespace mizzen::scheduler
