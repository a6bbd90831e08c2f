#include "controllers/pods/gc/decide.h"

#include <algorithm>
#include <tuple>

namespace mizzen::controllers::pod_gc {
namespace {

/// Of the finished ones, first to go first.
bool goes_before(const PodPtr& a, const PodPtr& b) {
  const auto rank = [](const Pod& p) {
    const bool evicted = p.status.phase == "Failed" && p.status.reason == "Evicted";
    return std::tuple(!evicted, p.metadata.creationTimestamp.wall(), std::string_view(p.metadata.name));
  };
  return rank(*a) < rank(*b);
}

}  // namespace

bool out_of_service(const api::core::v1::Node& node) {
  const bool ready = std::any_of(node.status.conditions.begin(), node.status.conditions.end(),
                                 [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
  return !ready && std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                               [](const auto& t) { return t.key == "node.kubernetes.io/out-of-service"; });
}

std::vector<Doomed> doomed(const std::vector<PodPtr>& pods, const std::set<std::string>& dead,
                           const std::map<std::string, WallTime>& missing_since, int32_t finished_max,
                           WallTime now) {
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
