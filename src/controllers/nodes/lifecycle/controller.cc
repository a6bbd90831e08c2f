#include "controllers/nodes/lifecycle/controller.h"

#include <algorithm>
#include <map>
#include <utility>

#include "async/mutex.h"
#include "controllers/framework/pods.h"
#include "controllers/nodes/lifecycle/decide.h"

namespace mizzen::controllers::nodes {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// Role: watches nodes and their leases. Keys are node names. Time is this process's own, since the last
/// change it saw, so that clocks of nodes do not matter. NoExecute taints are given out zone by zone at
/// plan_zones()' pace. Threading: as Controller; sync() runs on two workers.
class NodeLifecycle final : public Controller {
 public:
  NodeLifecycle(Environment& env, LifecycleOptions options)
      : env_(env),
        options_(options),
        nodes_(env.informer<Node>()),
        leases_(env.informer<Lease>()),
        pods_(env.pods_by_node()),
        recorder_(env.recorder("node-controller")),
        queue_(env.queue("node-lifecycle", 2), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    nodes_.add_index(kByHealth, [](const Seen& o) -> std::vector<std::string> {
      const Node& node = *o.as<Node>();
      return {(ready(node) ? kReady : kLost) + zone_of(node)};
    });
    const auto alive = [this](const Seen& o) {
      const std::string name = o.key();
      if (note_alive(name, true))
        recorder_->event(o.object(), "Normal", "RegisteredNode",
                         "Node " + name + " event: Registered Node " + name + " in Controller");
      queue_.add(name);
    };
    nodes_.add_handler({alive, [alive](const Seen&, const Seen& now) { alive(now); },
                        [this](const Seen& o) {
                          const std::string name = o.key();
                          {
                            Lock lock(m_);
                            known_.erase(name);
                          }
                          recorder_->event(
                              o.object(), "Normal", "RemovingNode",
                              "Node " + name + " event: Removing Node " + name + " from Controller");
                        }});
    const auto lease = [this](const Seen& o) {
      if (o.namespace_() == "kube-node-lease") note_alive(std::string(o.name()), false);
    };
    leases_.add_handler({lease, [lease](const Seen&, const Seen& now) { lease(now); }, nullptr});
  }

  std::string_view name() const override { return "node-lifecycle-controller"; }
  void start() override { queue_.start(); }
  void stop() override { queue_.stop(); }

 private:
  /// What is remembered of a node beside what the API says.
  struct Known {
    Monotonic seen;
    bool registered = false;  ///< its Node was seen, not only a lease of its name
    bool was_ready = false;
  };

  /// True for a node that is seen for the first time.
  bool note_alive(const std::string& name, bool is_node) {
    Lock lock(m_);
    auto it = known_.find(name);
    if (it == known_.end()) {
      if (!is_node) return false;  // a lease alone is nobody's
      it = known_.emplace(name, Known{}).first;
    }
    it->second.seen = env_.clock().monotonic();
    return is_node && !std::exchange(it->second.registered, true);
  }

  static bool ready(const Node& node) {
    return std::any_of(node.status.conditions.begin(), node.status.conditions.end(),
                       [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
  }

  Outcome sync(const std::string& name) {
    auto node = nodes_.get_as<Node>("", name);
    if (!node) return Outcome::done();
    Duration quiet{};
    {
      Lock lock(m_);
      const auto it = known_.find(name);
      if (it == known_.end()) return Outcome::done();
      quiet = env_.clock().monotonic() - it->second.seen;
    }
    const WallTime now = env_.clock().wall();
    if (auto next = judged_status(*node, quiet, now, options_.grace)) {
      const auto r = client::update_status(env_.api(), std::move(*next), Call());
      if (!r.ok()) return r.error().code() == Code::NotFound ? Outcome::done() : Outcome::retry();
      node = *r;
    }
    bool fell = false;
    {
      Lock lock(m_);
      const auto it = known_.find(name);
      if (it == known_.end()) return Outcome::done();
      fell = it->second.was_ready && !ready(*node);
      it->second.was_ready = ready(*node);
    }
    if (fell) {
      recorder_->event(Object(node), "Normal", "NodeNotReady",
                       "Node " + name + " status is now: NodeNotReady");
      mark_pods_not_ready(name);
    }
    if (auto next = judged_taints(*node, now, allowance(*node))) {
      const auto r = client::update(env_.api(), std::move(*next), Call());
      if (!r.ok() && r.error().code() != Code::NotFound) return Outcome::retry();
    }
    return Outcome::later(until_next_look(*node, quiet, options_.grace));
  }

  /// Nodes are found by whether they are ready, and their zone.
  static constexpr const char* kByHealth = "health";
  static constexpr char kReady = '+', kLost = '-';
  std::map<std::string, ZoneNodes> zones() const {
    std::map<std::string, ZoneNodes> out;
    for (const std::string& value : nodes_.index_values(kByHealth)) {
      ZoneNodes& zone = out[value.substr(1)];
      (value[0] == kReady ? zone.ready : zone.lost) = nodes_.count(kByHealth, value);
    }
    return out;
  }

  /// What may be done about this node's NoExecute taints now; takes the zone's turn where one is added.
  ZonePlan::Execute allowance(const Node& node) {
    const bool wants = wants_execute_taint(node);
    if (!wants && std::none_of(node.spec.taints.begin(), node.spec.taints.end(),
                               [](const auto& t) { return t.effect == "NoExecute"; }))
      return ZonePlan::Execute::Keep;  // nothing to decide: spare the look at the whole cluster
    for (const ZonePlan& plan : plan_zones(zones())) {
      if (plan.zone != zone_of(node)) continue;
      if (plan.execute != ZonePlan::Execute::Add || !wants) return plan.execute;
      Lock lock(m_);
      const Monotonic now = env_.clock().monotonic();
      Monotonic& next = next_turn_[plan.zone];
      if (now < next) return ZonePlan::Execute::Keep;
      next = now + plan.period;
      return ZonePlan::Execute::Add;
    }
    return ZonePlan::Execute::Keep;
  }

  void mark_pods_not_ready(const std::string& node) {
    for (const Seen& object : pods_.by_index(Environment::kByNode, node)) {
      const Pod& pod = *object.as<Pod>();
      if (!is_ready(pod)) continue;
      Pod next = pod;
      for (auto& c : next.status.conditions) {
        if (c.type != "Ready") continue;
        c.status = "False";
        c.lastTransitionTime = codec::Time::from(env_.clock().wall());
      }
      recorder_->event(object.object(), "Warning", "NodeNotReady", "Node is not ready");
      (void)client::update_status(env_.api(), std::move(next), Call()).ok();
    }
  }

  Environment& env_;
  const LifecycleOptions options_;
  client::Informer& nodes_;
  client::Informer& leases_;
  client::Informer& pods_;
  std::unique_ptr<client::EventRecorder> recorder_;
  Mutex m_;
  std::map<std::string, Known> known_ MZ_GUARDED_BY(m_);
  std::map<std::string, Monotonic> next_turn_ MZ_GUARDED_BY(m_);  ///< one for each zone ever seen
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_node_lifecycle_controller(Environment& env, LifecycleOptions options) {
  return std::make_unique<NodeLifecycle>(env, options);
}

}  // namespace mizzen::controllers::nodes
