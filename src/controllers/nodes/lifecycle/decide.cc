#include "controllers/nodes/lifecycle/decide.h"

#include <algorithm>
#include <utility>

namespace mizzen::controllers::nodes {
namespace {

using api::core::v1::Taint;

struct Rule {
  const char* condition;
  const char* status;
  const char* taint;
  bool execute;  ///< also with NoExecute
};
constexpr Rule kRules[] = {{"Ready", "False", "node.kubernetes.io/not-ready", true},
                           {"Ready", "Unknown", "node.kubernetes.io/unreachable", true},
                           {"MemoryPressure", "True", "node.kubernetes.io/memory-pressure", false},
                           {"DiskPressure", "True", "node.kubernetes.io/disk-pressure", false},
                           {"NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable", false},
                           {"PIDPressure", "True", "node.kubernetes.io/pid-pressure", false}};
/// Why a condition is Unknown that no agent ever wrote: this controller says so.
constexpr const char* kNeverUpdated = "NodeStatusNeverUpdated";
constexpr const char* kUnschedulable = "node.kubernetes.io/unschedulable";

bool follows_field(const Taint& t) { return t.key == kUnschedulable && t.effect == "NoSchedule"; }

bool follows_condition(const Taint& t) {
  for (const Rule& r : kRules)
    if (t.key == r.taint && (t.effect == "NoSchedule" || (r.execute && t.effect == "NoExecute"))) return true;
  return false;
}

bool has_taint(const Node& node, std::string_view key, std::string_view effect) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                     [&](const Taint& t) { return t.key == key && t.effect == effect; });
}

}  // namespace

bool Signs::see(const Node& node) {
  for (const auto& c : node.status.conditions)
    if (c.type == "Ready" && c.reason != kNeverUpdated)
      return std::exchange(heartbeat, c.lastHeartbeatTime) != c.lastHeartbeatTime;
  return false;
}

bool Signs::see(const Lease& lease) {
  const codec::Time now = lease.spec.renewTime.value_or(codec::Time());
  return std::exchange(renewed, now) != now;
}

std::optional<Pod> judged_pod(const Pod& pod, WallTime now) {
  if (!is_ready(pod)) return std::nullopt;
  Pod next = pod;
  for (auto& c : next.status.conditions) {
    if (c.type != "Ready") continue;
    c.status = "False";
    c.lastTransitionTime = codec::Time::from(now);
  }
  return next;
}

bool wants_execute_taint(const Node& node) {
  for (const Rule& r : kRules)
    for (const auto& c : node.status.conditions)
      if (r.execute && c.type == r.condition && c.status == r.status &&
          !has_taint(node, r.taint, "NoExecute"))
        return true;
  return false;
}

std::optional<Node> judged_status(const Node& node, Duration quiet_for, WallTime now, Duration grace) {
  if (quiet_for < grace) return std::nullopt;
  Node next = node;
  const auto time = codec::Time::from(now);
  bool changed = false;
  for (const char* type : {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"}) {
    auto& all = next.status.conditions;
    auto it = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.type == type; });
    if (it == all.end()) {
      auto& c = all.emplace_back();
      c.type = type;
      c.status = "Unknown";
      c.reason = kNeverUpdated;
      c.message = "Kubelet never posted node status.";
      c.lastHeartbeatTime = node.metadata.creationTimestamp;
      c.lastTransitionTime = time;
      changed = true;
    } else if (it->status != "Unknown") {
      it->status = "Unknown";
      it->reason = "NodeStatusUnknown";
      it->message = "Kubelet stopped posting node status.";
      it->lastTransitionTime = time;
      changed = true;
    }
  }
  if (!changed) return std::nullopt;
  return next;
}

std::optional<Node> judged_taints(const Node& node, WallTime now, ZonePlan::Execute execute) {
  std::vector<Taint> wanted;
  const auto want = [&](const char* key, const char* effect) {
    Taint t;
    t.key = key;
    t.effect = effect;
    for (const Taint& present : node.spec.taints)
      if (present.key == t.key && present.effect == t.effect) t = present;
    if (t.effect == "NoExecute" && !t.timeAdded) t.timeAdded = codec::Time::from(now);
    wanted.push_back(std::move(t));
  };
  for (const Rule& r : kRules)
    for (const auto& c : node.status.conditions)
      if (c.type == r.condition && c.status == r.status) {
        want(r.taint, "NoSchedule");
        if (r.execute && (execute == ZonePlan::Execute::Add ||
                          (execute == ZonePlan::Execute::Keep && has_taint(node, r.taint, "NoExecute"))))
          want(r.taint, "NoExecute");
      }
  if (node.spec.unschedulable) want(kUnschedulable, "NoSchedule");
  Node next = node;
  // A node that has said nothing yet keeps the taints it registered with; what follows a field does not wait.
  const bool silent = node.status.conditions.empty();
  std::erase_if(next.spec.taints,
                [&](const Taint& t) { return follows_field(t) || (!silent && follows_condition(t)); });
  next.spec.taints.insert(next.spec.taints.end(), wanted.begin(), wanted.end());
  const auto same = [](const std::vector<Taint>& a, const std::vector<Taint>& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const Taint& t) {
             return std::any_of(b.begin(), b.end(), [&](const Taint& u) {
               return t.key == u.key && t.effect == u.effect && t.value == u.value;
             });
           });
  };
  if (same(next.spec.taints, node.spec.taints)) return std::nullopt;
  return next;
}

Duration until_next_look(const Node& node, Duration quiet_for, Duration grace) {
  const bool ready = std::any_of(node.status.conditions.begin(), node.status.conditions.end(),
                                 [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
  return ready && node.spec.taints.empty() ? std::max(kPeriod, grace - quiet_for) : kPeriod;
}

}  // namespace mizzen::controllers::nodes
