#include "controllers/nodes/taint_eviction/controller.h"

#include <algorithm>
#include <map>

#include "async/mutex.h"
#include "controllers/framework/pods.h"
#include "controllers/nodes/taint_eviction/decide.h"

namespace mizzen::controllers::taint_eviction {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// Role: keys are pods; those of a node whose taints change are looked at again, and each at the time it has
/// to go. Kubernetes contract: condition DisruptionTarget (DeletionByTaintManager) first, then deletion with
/// the pod's own grace; events TaintManagerEviction. Threading: as Controller. Bounds: one remembered time
/// for each pod that waits.
class TaintEviction final : public Controller {
 public:
  explicit TaintEviction(Environment& env)
      : env_(env),
        nodes_(env.informer<Node>()),
        pods_(env.pods_by_node()),
        recorder_(env.recorder("taint-eviction-controller")),
        queue_(env.queue("taint-eviction", 4), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    nodes_.add_index(kTainted, [](const Seen& node) -> std::vector<std::string> {
      if (execute_taints(*node.as<Node>()).empty()) return {};
      return {node.key()};
    });
    nodes_.add_handler({[this](const Seen& now) { on_node({}, now); },
                        [this](const Seen& old, const Seen& now) { on_node(old, now); }, nullptr});
    pods_.add_handler({[this](const Seen& now) { on_pod({}, now); },
                       [this](const Seen& old, const Seen& now) { on_pod(old, now); },
                       [this](const Seen& last) {
                         Lock lock(m_);
                         waiting_.erase(last.key());
                       }});
  }

  std::string_view name() const override { return "taint-eviction-controller"; }
  void start() override { queue_.start(); }
  void stop() override {
    queue_.stop();
    recorder_->stop(std::chrono::milliseconds(200));
  }

 private:
  /// The index of nodes with NoExecute taints, by their names.
  static constexpr const char* kTainted = "no-execute";

  void on_node(const Seen& old, const Seen& now) {
    const auto taints = execute_taints(*now.as<Node>());
    if (old) {
      const auto before = execute_taints(*old.as<Node>());
      if (std::equal(before.begin(), before.end(), taints.begin(), taints.end(),
                     [](const auto& a, const auto& b) { return codec::equal(a, b); }))
        return;
    } else if (taints.empty()) {
      return;
    }
    for (const Seen& pod : pods_.by_index(Environment::kByNode, now.key())) queue_.add(pod.key());
  }

  /// Most pods are on nodes that keep them whatever they tolerate: those are not looked into.
  void on_pod(const Seen& old, const Seen& now) {
    const Pod& pod = *now.as<Pod>();
    if (pod.spec.nodeName.empty()) return;
    if (nodes_.count(kTainted, pod.spec.nodeName) == 0) return;
    const Pod* before = old.as<Pod>();
    if (before && before->spec.nodeName == pod.spec.nodeName &&
        std::equal(before->spec.tolerations.begin(), before->spec.tolerations.end(),
                   pod.spec.tolerations.begin(), pod.spec.tolerations.end(),
                   [](const auto& a, const auto& b) { return codec::equal(a, b); }))
      return;
    queue_.add(now.key());
  }

  Outcome sync(const std::string& key) {
    const auto [ns, name] = client::split_key(key);
    const auto pod = pods_.get_as<Pod>(ns, name);
    if (!pod) return forget(key, nullptr);
    const auto node = nodes_.get_as<Node>("", pod->spec.nodeName);
    const WallTime now = env_.clock().wall();
    const auto at = node ? leaves_at(*pod, *node, now) : std::nullopt;
    if (!at) return forget(key, pod->metadata.deletionTimestamp ? nullptr : pod);
    if (*at > now) {
      Lock lock(m_);
      waiting_[key] = *at;
      return Outcome::later(*at - now);
    }
    return evict(key, *pod);
  }

  /// It may stay: says so where it had been told otherwise.
  Outcome forget(const std::string& key, const std::shared_ptr<const Pod>& pod) {
    bool waited = false;
    {
      Lock lock(m_);
      waited = waiting_.erase(key) != 0;
    }
    if (waited && pod)
      recorder_->event(Object(pod), "Normal", "TaintManagerEviction", "Cancelling deletion of Pod " + key);
    return Outcome::done();
  }

  Outcome evict(const std::string& key, const Pod& seen) {
    recorder_->event(Object::of(Pod(seen)), "Normal", "TaintManagerEviction",
                     "Marking for deletion Pod " + key);
    if (!is_finished(seen)) {
      Pod next = seen;
      mark_disrupted(next, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
                     env_.clock().wall());
      const auto r = client::update_status(env_.api(), std::move(next), Call());
      if (!r.ok() && r.error().code() == Code::NotFound) return forget(key, nullptr);
      if (!r.ok()) return Outcome::retry();
    }
    meta::v1::DeleteOptions options;
    options.preconditions.ensure().uid = seen.metadata.uid;
    const auto r =
        client::remove<Pod>(env_.api(), seen.metadata.namespace_, seen.metadata.name, options, Call());
    if (!r.ok() && r.error().code() != Code::NotFound && r.error().code() != Code::Conflict)
      return Outcome::retry();
    return forget(key, nullptr);
  }

  Environment& env_;
  client::Informer& nodes_;
  client::Informer& pods_;
  std::unique_ptr<client::EventRecorder> recorder_;
  Mutex m_;
  std::map<std::string, WallTime> waiting_ MZ_GUARDED_BY(m_);
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_taint_eviction_controller(Environment& env) {
  return std::make_unique<TaintEviction>(env);
}

}  // namespace mizzen::controllers::taint_eviction
