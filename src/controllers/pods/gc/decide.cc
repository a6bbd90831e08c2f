#include "controllers/pods/gc/decide.h"

#include <algorithm>
#include <tuple>

namespace mizzen::controllers::pod_gc {
namespace {

bool out_of_service(const api::core::v1::Node& node) {
  const bool ready = std::any_of(node.status.conditions.begin(), node.status.conditions.end(),
                                 [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
  return !ready && std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                               [](const auto& t) { return t.key == "node.kubernetes.io/out-of-service"; });
}

/// Of the finished ones, first to go first.
bool goes_before(const PodPtr& a, const PodPtr& b) {
  const auto rank = [](const Pod& p) {
    const bool evicted = p.status.phase == "Failed" && p.status.reason == "Evicted";
    return std::tuple(!evicted, p.metadata.creationTimestamp.wall(), std::string_view(p.metadata.name));
  };
  return rank(*a) < rank(*b);
}

}  // namespace

std::set<std::string> missing_nodes(const std::vector<PodPtr>& pods, const std::vector<NodePtr>& nodes) {
  std::set<std::string_view> present;
  for (const NodePtr& n : nodes) present.insert(n->metadata.name);
  std::set<std::string> out;
  for (const PodPtr& p : pods)
    if (!p->spec.nodeName.empty() && !present.contains(p->spec.nodeName)) out.insert(p->spec.nodeName);
  return out;
}

std::vector<Doomed> doomed(const std::vector<PodPtr>& pods, const std::vector<NodePtr>& nodes,
                           const std::map<std::string, WallTime>& missing_since, int32_t finished_max,
                           WallTime now) {
  std::set<std::string_view> dead;
  for (const NodePtr& n : nodes)
    if (out_of_service(*n)) dead.insert(n->metadata.name);
  const auto gone = [&](const std::string& node) {
    const auto it = missing_since.find(node);
    return it != missing_since.end() && now - it->second >= kQuarantine;
  };
  std::vector<Doomed> out;
  std::vector<PodPtr> finished;
  for (const PodPtr& p : pods) {
    const bool terminating = p->metadata.deletionTimestamp.has_value();
    if (terminating && p->spec.nodeName.empty())
      out.push_back({p, Why::Unscheduled});
    else if (terminating && dead.contains(p->spec.nodeName))
      out.push_back({p, Why::OutOfService});
    else if (gone(p->spec.nodeName))
      out.push_back({p, Why::Orphaned});
    else if (is_finished(*p))
      finished.push_back(p);
  }
  const auto kept = static_cast<size_t>(std::max(0, finished_max));
  if (kept > 0 && finished.size() > kept) {
    std::sort(finished.begin(), finished.end(), goes_before);
    for (size_t i = 0; i < finished.size() - kept; i++) out.push_back({finished[i], Why::Finished});
  }
  return out;
}

}  // namespace mizzen::controllers::pod_gc
