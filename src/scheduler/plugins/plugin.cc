#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {
namespace {

bool always(const PodInfo&) { return true; }
bool prefers_nodes(const PodInfo& pod) {
  const auto& affinity = pod.pod->spec.affinity;
  return affinity && affinity->nodeAffinity &&
         !affinity->nodeAffinity->preferredDuringSchedulingIgnoredDuringExecution.empty();
}
bool asks_for_something(const PodInfo& pod) {
  return pod.load->requests.milli_cpu > 0 || pod.load->requests.memory > 0;
}

constexpr Filter kFilters[] = {
    {"NodeAffinity", kNodeAdded, check_pinned},
    {"NodeUnschedulable", kNodeAdded | kNodeTaints, check_unschedulable},
    {"NodeName", kNodeAdded, check_name},
    {"TaintToleration", kNodeAdded | kNodeTaints, check_taints},
    {"NodeAffinity", kNodeAdded | kNodeLabels, check_affinity},
    {"NodePorts", kNodeAdded | kPodGone, check_ports},
    {"NodeResourcesFit", kNodeAdded | kNodeAllocatable | kPodGone, check_resources},
};

constexpr Scorer kScorers[] = {
    {"TaintToleration", 3, Scorer::Normalize::Reverse, always, score_taints},
    {"NodeAffinity", 2, Scorer::Normalize::Highest, prefers_nodes, score_affinity},
    {"NodeResourcesFit", 1, Scorer::Normalize::None, always, score_least_allocated},
    {"NodeResourcesBalancedAllocation", 1, Scorer::Normalize::None, asks_for_something, score_balanced},
    {"ImageLocality", 1, Scorer::Normalize::None, always, score_images},
};

}  // namespace

std::span<const Filter> filters() { return kFilters; }
std::span<const Scorer> scorers() { return kScorers; }

}  // namespace mizzen::scheduler
