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
        pods_(env.informer<Pod>()),
        recorder_(env.recorder("node-controller")),
        queue_(env.queue("node-lifecycle", 2), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    nodes_.add_index(kByHealth, [](const Seen& o) -> std::vector<std::string> {
      const Node& node = *o.as<Node>();
      return {(ready(node) ? kReady : kLost) + zone_of(node)};
    });
    pods_.add_index(kReadyOn, [](const Seen& o) -> std::vector<std::string> {
      const Pod& pod = *o.as<Pod>();
      return is_ready(pod) && !pod.spec.nodeName.empty() ? std::vector<std::string>{pod.spec.nodeName}
                                                         : std::vector<std::string>();
    });
    const auto seen = [this](const Seen& o) {
      const std::string name = o.key();
      if (note(*o.as<Node>()))
        recorder_->event(o.object(), "Normal", "RegisteredNode",
                         "Node " + name + " event: Registered Node " + name + " in Controller");
      queue_.add(name);
    };
    nodes_.add_handler({seen, [seen](const Seen&, const Seen& now) { seen(now); },
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
      if (o.namespace_() == "kube-node-lease") note(*o.as<Lease>());
    };
    leases_.add_handler({lease, [lease](const Seen&, const Seen& now) { lease(now); }, nullptr});
  }

  std::string_view name() const override { return "node-lifecycle-controller"; }
  void start() override { queue_.start(); }
  void stop() override {
    queue_.stop();
    recorder_->stop(std::chrono::milliseconds(200));
  }

 private:
  /// What is remembered of a node beside what the API says.
  struct Known {
    Monotonic seen;  ///< when its agent last gave a sign
    Signs signs;
    bool was_ready = false;
    bool pods_marked = false;  ///< since it is not ready, or since this process began to look
  };

  /// True for a node that is seen for the first time.
  bool note(const Node& node) {
    Lock lock(m_);
    const auto [it, is_new] = known_.try_emplace(node.metadata.name);
    if (it->second.signs.see(node) || is_new) it->second.seen = env_.clock().monotonic();
    return is_new;
  }
  void note(const Lease& lease) {
    Lock lock(m_);
    const auto it = known_.find(lease.metadata.name);
    if (it == known_.end()) return;  // a lease alone is nobody's
    if (it->second.signs.see(lease)) it->second.seen = env_.clock().monotonic();
  }

  /// Of its condition Ready; empty where it has none.
  static std::string_view readiness(const Node& node) {
    for (const auto& c : node.status.conditions)
      if (c.type == "Ready") return c.status;
    return "";
  }
  static bool ready(const Node& node) { return readiness(node) == "True"; }

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
    const bool marked = look_after_pods(*node);
    if (auto next = judged_taints(*node, now, allowance(*node))) {
      const auto r = client::update(env_.api(), std::move(*next), Call());
      if (!r.ok() && r.error().code() != Code::NotFound) return Outcome::retry();
    }
    return marked ? Outcome::later(until_next_look(*node, quiet, options_.grace)) : Outcome::retry();
  }

  /// The pods of a node that is not ready are not ready. Nobody contradicts where its agent is silent: each
  /// look marks what is not marked. An agent that is there but not well says again what it knows of its pods:
  /// they are marked until that was done once, as upstream, and then are the agent's. False where some of it
  /// has to be tried again.
  bool look_after_pods(const Node& node) {
    const std::string_view readiness = this->readiness(node);
    const std::string& name = node.metadata.name;
    bool fell = false, wanted = false;
    {
      Lock lock(m_);
      const auto it = known_.find(name);
      if (it == known_.end()) return true;
      Known& known = it->second;
      fell = known.was_ready && readiness != "True";
      known.was_ready = readiness == "True";
      if (known.was_ready) known.pods_marked = false;
      wanted = readiness == "Unknown" || (readiness == "False" && !known.pods_marked);
    }
    if (fell)
      recorder_->event(Object::of(node), "Normal", "NodeNotReady",
                       "Node " + name + " status is now: NodeNotReady");
    if (!wanted) return true;
    if (!mark_pods_not_ready(name)) return false;
    Lock lock(m_);
    if (const auto it = known_.find(name); it != known_.end()) it->second.pods_marked = true;
    return true;
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

  /// False where the API took one of them not: another has changed it meanwhile, or it is away.
  bool mark_pods_not_ready(const std::string& node) {
    bool all = true;
    for (const Seen& object : pods_.by_index(kReadyOn, node)) {
      auto next = judged_pod(*object.as<Pod>(), env_.clock().wall());
      if (!next) continue;
      const auto r = client::update_status(env_.api(), std::move(*next), Call());
      if (r.ok())
        recorder_->event(object.object(), "Warning", "NodeNotReady", "Node is not ready");
      else
        all = all && r.error().code() == Code::NotFound;
    }
    return all;
  }

  static constexpr const char* kReadyOn = "ready-on";  ///< ready pods, by node
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
