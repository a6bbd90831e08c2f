#include "controllers/nodes/controller.h"

#include <map>

#include "async/mutex.h"
#include "controllers/nodes/decide.h"
#include "controllers/pods.h"

namespace mizzen::controllers::nodes {
namespace {

using client::Call;
using client::Outcome;
using machinery::Object;

/// Each node is looked at this often while nothing changes.
constexpr Duration kPeriod = std::chrono::seconds(10);

/// Role: watches nodes and their leases. Keys are node names. Time is this process's own, since the last
/// change it saw, so that clocks of nodes do not matter. Threading: as Controller.
class NodeLifecycle final : public Controller {
 public:
  explicit NodeLifecycle(Environment& env)
      : env_(env),
        nodes_(env.informer<Node>()),
        leases_(env.informer<Lease>()),
        pods_(env.informer<Pod>()),
        recorder_(env.recorder("node-controller")),
        queue_({"node-lifecycle", 2}, env.executor(), env.timers(),
               [this](const std::string& key) { return sync(key); }) {
    const auto alive = [this](const Object& o) {
      {
        Lock lock(m_);
        seen_[o.meta().name] = env_.clock().monotonic();
      }
      queue_.add(o.meta().name);
    };
    nodes_.add_handler({alive, [alive](const Object&, const Object& now) { alive(now); },
                        [this](const Object& o) {
                          Lock lock(m_);
                          seen_.erase(o.meta().name);
                        }});
    const auto lease = [this](const Object& o) {
      if (o.meta().namespace_ != "kube-node-lease") return;
      Lock lock(m_);
      seen_[o.meta().name] = env_.clock().monotonic();
    };
    leases_.add_handler({lease, [lease](const Object&, const Object& now) { lease(now); }, nullptr});
  }

  std::string_view name() const override { return "node-lifecycle-controller"; }
  void start() override { queue_.start(); }
  void stop() override { queue_.stop(); }

 private:
  Outcome sync(const std::string& name) {
    auto node = nodes_.get_as<Node>("", name);
    if (!node) return Outcome::done();
    Monotonic seen = env_.clock().monotonic();
    {
      Lock lock(m_);
      const auto it = seen_.find(name);
      if (it != seen_.end()) seen = it->second;
    }
    const WallTime now = env_.clock().wall();
    if (auto next = judged_status(*node, env_.clock().monotonic() - seen, now)) {
      const auto r = client::update_status(env_.api(), std::move(*next), Call());
      if (!r.ok()) return r.error().code() == Code::NotFound ? Outcome::done() : Outcome::retry();
      node = *r;
      recorder_->event(Object(node), "Normal", "NodeNotReady",
                       "Node " + name + " status is now: NodeNotReady");
      mark_pods_not_ready(name);
    }
    if (auto next = judged_taints(*node, now)) {
      const auto r = client::update(env_.api(), std::move(*next), Call());
      if (!r.ok() && r.error().code() != Code::NotFound) return Outcome::retry();
    }
    return Outcome::later(kPeriod);
  }

  void mark_pods_not_ready(const std::string& node) {
    for (const Object& object : pods_.list()) {
      const Pod& pod = *object.as<Pod>();
      if (pod.spec.nodeName != node || !is_ready(pod)) continue;
      Pod next = pod;
      for (auto& c : next.status.conditions) {
        if (c.type != "Ready") continue;
        c.status = "False";
        c.lastTransitionTime = codec::Time::from(env_.clock().wall());
      }
      recorder_->event(object, "Warning", "NodeNotReady", "Node is not ready");
      (void)client::update_status(env_.api(), std::move(next), Call()).ok();
    }
  }

  Environment& env_;
  client::Informer& nodes_;
  client::Informer& leases_;
  client::Informer& pods_;
  std::unique_ptr<client::EventRecorder> recorder_;
  Mutex m_;
  std::map<std::string, Monotonic> seen_ MZ_GUARDED_BY(m_);
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_node_lifecycle_controller(Environment& env) {
  return std::make_unique<NodeLifecycle>(env);
}

}  // namespace mizzen::controllers::nodes
