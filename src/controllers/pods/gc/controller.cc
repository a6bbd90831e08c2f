#include "controllers/pods/gc/controller.h"

#include "controllers/pods/gc/decide.h"

namespace mizzen::controllers::pod_gc {
namespace {

using api::core::v1::Node;
using client::Call;
using client::Outcome;
using machinery::Object;

constexpr Duration kPeriod = std::chrono::seconds(20);
/// The one key: the cluster as a whole is looked at.
constexpr const char* kAll = "all";

/// Role: looks at all pods each kPeriod, as upstream does, and at once when a node goes or a pod that was
/// never bound begins to terminate. Kubernetes contract: the pod is Failed before it is deleted without
/// grace. Threading: as Controller; sync() is never run twice at a time.
class PodGarbageCollector final : public Controller {
 public:
  PodGarbageCollector(Environment& env, int32_t finished_max)
      : env_(env),
        finished_max_(finished_max),
        nodes_(env.informer<Node>()),
        pods_(env.pods_by_node()),
        queue_(env.queue("pod-gc", 1), env.runtime(), [this](const std::string&) { return sync(); }) {
    nodes_.add_handler({nullptr, nullptr, [this](const Object&) { queue_.add(kAll); }});
    const auto pod = [this](const Object& o) {
      if (o.meta().deletionTimestamp && o.as<Pod>()->spec.nodeName.empty()) queue_.add(kAll);
    };
    pods_.add_handler({pod, [pod](const Object&, const Object& now) { pod(now); }, nullptr});
  }

  std::string_view name() const override { return "pod-garbage-collector-controller"; }
  void start() override {
    queue_.start();
    queue_.add(kAll);
  }
  void stop() override { queue_.stop(); }

 private:
  Outcome sync() {
    std::vector<PodPtr> pods;
    for (const Object& o : pods_.list()) pods.push_back(o.share<Pod>());
    std::vector<NodePtr> nodes;
    for (const Object& o : nodes_.list()) nodes.push_back(o.share<Node>());
    const WallTime now = env_.clock().wall();
    const auto missing = missing_nodes(pods, nodes);
    std::erase_if(missing_since_, [&](const auto& entry) { return !missing.contains(entry.first); });
    for (const std::string& node : missing) missing_since_.emplace(node, now);
    bool failed = false;
    for (const Doomed& d : doomed(pods, nodes, missing_since_, finished_max_, now)) {
      // The informer may be behind: the API itself has to say that a node is gone.
      if (d.why == Why::Orphaned) {
        const auto live = client::get<Node>(env_.api(), "", d.pod->spec.nodeName, Call());
        if (live.ok() || live.error().code() != Code::NotFound) continue;
      }
      failed |= !take(d);
    }
    return failed ? Outcome::retry() : Outcome::later(kPeriod);
  }

  bool take(const Doomed& d) {
    const auto gone = [](const Error& e) { return e.code() == Code::NotFound || e.code() == Code::Conflict; };
    if (!is_finished(*d.pod)) {
      Pod next = *d.pod;
      next.status.phase = "Failed";
      if (d.why == Why::Orphaned)
        mark_disrupted(next, "DeletionByPodGC", "PodGC: node no longer exists", env_.clock().wall());
      const auto r = client::update_status(env_.api(), std::move(next), Call());
      if (!r.ok() && !gone(r.error())) return false;
    }
    meta::v1::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.preconditions.ensure().uid = d.pod->metadata.uid;
    const auto r =
        client::remove<Pod>(env_.api(), d.pod->metadata.namespace_, d.pod->metadata.name, options, Call());
    return r.ok() || gone(r.error());
  }

  Environment& env_;
  const int32_t finished_max_;
  client::Informer& nodes_;
  client::Informer& pods_;
  std::map<std::string, WallTime> missing_since_;  ///< only used by sync()
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_pod_garbage_collector(Environment& env, int32_t finished_max) {
  return std::make_unique<PodGarbageCollector>(env, finished_max);
}

}  // namespace mizzen::controllers::pod_gc
