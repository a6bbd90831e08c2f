#include "controllers/pods/gc/controller.h"

#include <map>
#include <set>

#include "controllers/pods/gc/decide.h"

namespace mizzen::controllers::pod_gc {
namespace {

using api::core::v1::Node;
using client::Call;
using client::Outcome;
using client::Seen;

constexpr Duration kPeriod = std::chrono::seconds(20);
/// The one key: the cluster as a whole is looked at.
constexpr const char* kAll = "all";

/// Role: looks at the cluster each kPeriod, as upstream does, and at once when a node goes or a pod that was
/// never bound begins to terminate; of its pods, at those that indexes say may have to go. Kubernetes
/// contract: the pod is Failed before it is deleted without grace. Threading: as Controller; sync() is never
/// run twice at a time.
class PodGarbageCollector final : public Controller {
 public:
  PodGarbageCollector(Environment& env, int32_t finished_max)
      : env_(env),
        finished_max_(finished_max),
        nodes_(env.informer<Node>()),
        pods_(env.pods_by_node()),
        queue_(env.queue("pod-gc", 1), env.runtime(), [this](const std::string&) { return sync(); }) {
    nodes_.add_index(kDead, [](const Seen& node) -> std::vector<std::string> {
      if (!out_of_service(*node.as<Node>())) return {};
      return {kDead};
    });
    pods_.add_index(kState, [](const Seen& pod) -> std::vector<std::string> {
      std::vector<std::string> out;
      if (is_finished(*pod.as<Pod>())) out.emplace_back(kFinished);
      if (never_runs(pod)) out.emplace_back(kNeverRuns);
      return out;
    });
    nodes_.add_handler({nullptr, nullptr, [this](const Seen&) { queue_.add(kAll); }});
    const auto pod = [this](const Seen& o) {
      if (never_runs(o)) queue_.add(kAll);
    };
    pods_.add_handler({pod, [pod](const Seen&, const Seen& now) { pod(now); }, nullptr});
  }

  std::string_view name() const override { return "pod-garbage-collector-controller"; }
  void start() override {
    queue_.start();
    queue_.add(kAll);
  }
  void stop() override { queue_.stop(); }

 private:
  /// The index of nodes that are out of service, and that of pods by what may be their end.
  static constexpr const char* kDead = "out-of-service";
  static constexpr const char* kState = "end";
  static constexpr const char* kFinished = "finished";
  static constexpr const char* kNeverRuns = "never-runs";

  /// It terminates, and was never bound.
  static bool never_runs(const Seen& pod) {
    return pod.meta().deletionTimestamp && pod.as<Pod>()->spec.nodeName.empty();
  }

  /// Nodes that pods are bound to and that do not exist.
  std::set<std::string> missing_nodes() const {
    std::set<std::string> out;
    for (std::string& node : pods_.index_values(Environment::kByNode))
      if (!nodes_.get("", node)) out.insert(std::move(node));
    return out;
  }

  /// Those that doomed() has to see, by key.
  std::vector<PodPtr> suspects(const std::set<std::string>& missing,
                               const std::set<std::string>& dead) const {
    std::map<std::string, Seen> found;
    const auto add = [&](const std::string& index, const std::string& value) {
      for (Seen& pod : pods_.by_index(index, value)) found.emplace(pod.key(), std::move(pod));
    };
    add(kState, kNeverRuns);
    for (const auto* nodes : {&missing, &dead})
      for (const std::string& node : *nodes) add(Environment::kByNode, node);
    if (finished_max_ > 0 && pods_.count(kState, kFinished) > static_cast<size_t>(finished_max_))
      add(kState, kFinished);
    std::vector<PodPtr> out;
    for (const auto& [key, pod] : found) out.push_back(pod.share<Pod>());
    return out;
  }

  Outcome sync() {
    const WallTime now = env_.clock().wall();
    const std::set<std::string> missing = missing_nodes();
    std::set<std::string> dead;
    for (const Seen& node : nodes_.by_index(kDead, kDead)) dead.insert(node.key());
    std::erase_if(missing_since_, [&](const auto& entry) { return !missing.contains(entry.first); });
    for (const std::string& node : missing) missing_since_.emplace(node, now);
    bool failed = false;
    for (const Doomed& d : doomed(suspects(missing, dead), dead, missing_since_, finished_max_, now)) {
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
