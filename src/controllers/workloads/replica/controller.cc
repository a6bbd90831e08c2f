#include "controllers/workloads/replica/controller.h"

#include <fmt/format.h>

#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/core/v1/replication_controller.h"
#include "controllers/framework/by_label.h"
#include "controllers/framework/expectations.h"
#include "controllers/workloads/replica/decide.h"
#include "telemetry/log.h"

namespace mizzen::controllers::replica {
namespace {

using api::apps::v1::ReplicaSet;
using api::core::v1::ReplicationController;
using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// What differs between the two kinds. `component` is what Events name, `controller` what --controllers does.
template <typename T>
struct Kind;
template <>
struct Kind<ReplicaSet> {
  static constexpr std::string_view api_version = "apps/v1", kind = "ReplicaSet",
                                    component = "replicaset-controller", controller = "replicaset-controller";
  static Result<machinery::LabelSelector> selector(const ReplicaSet& r) {
    return r.spec.selector ? machinery::LabelSelector::from(*r.spec.selector)
                           : Result<machinery::LabelSelector>(machinery::LabelSelector::nothing());
  }
  static machinery::Labels wanted(const ReplicaSet& r) {
    return r.spec.selector ? r.spec.selector->matchLabels : machinery::Labels();
  }
  static const api::core::v1::PodTemplateSpec* tmpl(const ReplicaSet& r) { return &r.spec.template_; }
  using Condition = api::apps::v1::ReplicaSetCondition;
};
template <>
struct Kind<ReplicationController> {
  static constexpr std::string_view api_version = "v1", kind = "ReplicationController",
                                    component = "replication-controller",
                                    controller = "replicationcontroller-controller";
  static Result<machinery::LabelSelector> selector(const ReplicationController& r) {
    return machinery::LabelSelector::from_pairs(r.spec.selector);
  }
  static machinery::Labels wanted(const ReplicationController& r) { return r.spec.selector; }
  static const api::core::v1::PodTemplateSpec* tmpl(const ReplicationController& r) {
    return r.spec.template_.get();
  }
  using Condition = api::core::v1::ReplicationControllerCondition;
};

/// Role: watches one of the two kinds and its pods, and carries plans out. Journey: life of a workload.
/// Threading: as Controller; one key at a time. Failure: a write that fails brings the key back with
/// back-off.
template <typename T>
class ReplicaController final : public Controller {
 public:
  explicit ReplicaController(Environment& env)
      : env_(env),
        workloads_(env.informer<T>()),
        pods_(env.by_owner<Pod>()),
        recorder_(env.recorder(std::string(Kind<T>::component))),
        expectations_(env.clock()),
        queue_(env.queue(std::string(Kind<T>::component), 5), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    workloads_.add_index(kBySelector, [](const Seen& o) {
      return selector_values(o.namespace_(), Kind<T>::wanted(*o.as<T>()));
    });
    workloads_.add_handler({[this](const Seen& now) { queue_.add(now.key()); },
                            [this](const Seen&, const Seen& now) { queue_.add(now.key()); },
                            [this](const Seen& last) {
                              expectations_.forget(last.key());
                              queue_.add(last.key());
                            }});
    pods_.add_handler({[this](const Seen& now) { on_pod_added(now); },
                       [this](const Seen& old, const Seen& now) { on_pod_changed(old, now); },
                       [this](const Seen& last) { on_pod_gone(last); }});
  }

  std::string_view name() const override { return Kind<T>::controller; }
  void start() override { queue_.start(); }
  void stop() override {
    queue_.stop();
    recorder_->stop(std::chrono::milliseconds(200));
  }

 private:
  /// The workload that controls this pod, as a key; empty where none of this kind does.
  std::string owner_key(const meta::v1::ObjectMeta& meta) const {
    const auto* owner = machinery::controller_of(meta);
    if (!owner || owner->kind != Kind<T>::kind) return "";
    const Seen workload = workloads_.get(meta.namespace_, owner->name);
    return workload && workload.uid() == owner->uid ? workload.key() : "";
  }

  void on_pod_added(const Seen& object) {
    const auto& meta = object.meta();
    if (meta.deletionTimestamp) return on_pod_gone(object);
    const std::string key = owner_key(meta);
    if (!key.empty()) {
      expectations_.creation_seen(key);
      queue_.add(key);
      return;
    }
    if (machinery::controller_of(meta)) return;
    add_matching(object);
  }

  void on_pod_changed(const Seen& old, const Seen& now) {
    if (now.meta().deletionTimestamp && !old.meta().deletionTimestamp) return on_pod_gone(now);
    const std::string before = owner_key(old.meta()), key = owner_key(now.meta());
    if (!before.empty() && before != key) queue_.add(before);
    if (!key.empty()) {
      queue_.add(key);
    } else if (!machinery::controller_of(now.meta()) && !(old.meta().labels == now.meta().labels)) {
      add_matching(now);
    }
  }

  void on_pod_gone(const Seen& object) {
    const std::string key = owner_key(object.meta());
    if (key.empty()) return;
    expectations_.deletion_seen(key, std::string(object.uid()));
    queue_.add(key);
  }

  void add_matching(const Seen& pod) {
    for (const Seen& object : may_select(workloads_, pod.namespace_(), pod.meta().labels)) {
      const auto selector = Kind<T>::selector(*object.as<T>());
      if (selector.ok() && !selector->empty() && selector->matches(pod.meta().labels))
        queue_.add(object.key());
    }
  }

  Outcome sync(const std::string& key) {
    const auto [ns, name] = client::split_key(key);
    const auto workload = workloads_.get_as<T>(ns, name);
    if (!workload) return Outcome::done();
    const auto selector = Kind<T>::selector(*workload);
    if (!selector.ok() || selector->empty()) return Outcome::done();
    Desired desired;
    desired.uid = workload->metadata.uid;
    desired.deleting = workload->metadata.deletionTimestamp.has_value();
    desired.replicas = workload->spec.replicas.value_or(1);
    desired.min_ready_seconds = workload->spec.minReadySeconds;
    desired.selector = *selector;
    if (const auto* t = Kind<T>::tmpl(*workload)) desired.template_labels = t->metadata.labels;

    const auto [settled, pods] = expectations_.view(key, [&, &ns = ns] {
      std::vector<PodPtr> out;
      for (const Seen& object : owned_or_orphaned(pods_, desired.uid, ns)) out.push_back(object.share<Pod>());
      return out;
    });
    Claim claimed = claim(desired, pods);
    bool failed = !adopt_and_release(*workload, claimed);
    const WallTime now = env_.clock().wall();
    std::optional<Error> trouble;
    if (settled && !desired.deleting) trouble = carry_out(key, *workload, plan(desired, claimed.owned, now));
    const Counts counts = count(desired, claimed.owned, now);
    failed |= !write_status(*workload, counts, trouble);
    if (failed || trouble) return Outcome::retry();
    return counts.again > Duration::zero() ? Outcome::later(counts.again) : Outcome::done();
  }

  bool adopt_and_release(const T& workload, Claim& claimed) {
    bool ok = true;
    for (const PodPtr& pod : claimed.adopt) {
      const auto ref = controller_reference(Kind<T>::api_version, Kind<T>::kind, workload.metadata);
      const std::string body = fmt::format(
          R"({{"metadata":{{"uid":"{}","ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"{}","uid":"{}",)"
          R"("controller":true,"blockOwnerDeletion":true}}]}}}})",
          pod->metadata.uid, ref.apiVersion, ref.kind, ref.name, ref.uid);
      const auto r = client::patch<Pod>(env_.api(), pod->metadata.namespace_, pod->metadata.name,
                                        client::PatchType::Strategic, body, Call());
      if (r.ok()) {
        claimed.owned.push_back(*r);
      } else {
        ok = ok && r.error().code() == Code::NotFound;
      }
    }
    for (const PodPtr& pod : claimed.release) {
      const std::string body =
          fmt::format(R"({{"metadata":{{"uid":"{}","ownerReferences":[{{"$patch":"delete","uid":"{}"}}]}}}})",
                      pod->metadata.uid, workload.metadata.uid);
      const auto r = client::patch<Pod>(env_.api(), pod->metadata.namespace_, pod->metadata.name,
                                        client::PatchType::Strategic, body, Call());
      ok = ok && (r.ok() || r.error().code() == Code::NotFound);
    }
    return ok;
  }

  /// The error that stopped it, if any.
  std::optional<Error> carry_out(const std::string& key, const T& workload, const Plan& plan) {
    const Object about = Object::of(workload);
    if (plan.create > 0) {
      const auto* tmpl = Kind<T>::tmpl(workload);
      if (!tmpl) return std::nullopt;
      const auto owner = controller_reference(Kind<T>::api_version, Kind<T>::kind, workload.metadata);
      expectations_.expect_creations(key, plan.create);
      for (int i = 0; i < plan.create; ++i) {
        const auto made = client::create(
            env_.api(), pod_from_template(*tmpl, workload.metadata.name, workload.metadata.namespace_, owner),
            Call());
        if (made.ok()) {
          recorder_->event(about, "Normal", "SuccessfulCreate", "Created pod: " + (*made)->metadata.name);
          continue;
        }
        for (int j = i; j < plan.create; ++j) expectations_.creation_seen(key);
        recorder_->event(about, "Warning", "FailedCreate", "Error creating: " + made.error().message());
        return made.error();
      }
    }
    for (const PodPtr& pod : plan.remove) expectations_.expect_deletion(key, pod->metadata.uid);
    std::optional<Error> trouble;
    for (const PodPtr& pod : plan.remove) {
      meta::v1::DeleteOptions options;
      options.preconditions.ensure().uid = pod->metadata.uid;
      const auto r =
          client::remove<Pod>(env_.api(), pod->metadata.namespace_, pod->metadata.name, options, Call());
      if (r.ok()) {
        recorder_->event(about, "Normal", "SuccessfulDelete", "Deleted pod: " + pod->metadata.name);
        continue;
      }
      expectations_.deletion_seen(key, pod->metadata.uid);
      if (r.error().code() == Code::NotFound || r.error().code() == Code::Conflict) continue;
      recorder_->event(about, "Warning", "FailedDelete", "Error deleting: " + r.error().message());
      trouble = r.error();
    }
    return trouble;
  }

  bool write_status(const T& workload, const Counts& counts, const std::optional<Error>& trouble) {
    T next = workload;
    auto& status = next.status;
    status.replicas = counts.replicas;
    status.fullyLabeledReplicas = counts.fully_labeled;
    status.readyReplicas = counts.ready;
    status.availableReplicas = counts.available;
    status.observedGeneration = workload.metadata.generation;
    set_failure(status.conditions, trouble);
    if (codec::equal(next, workload)) return true;
    const auto r = client::update_status(env_.api(), std::move(next), Call());
    return r.ok() || r.error().code() == Code::NotFound;
  }

  void set_failure(std::vector<typename Kind<T>::Condition>& conditions,
                   const std::optional<Error>& trouble) {
    const auto it = std::find_if(conditions.begin(), conditions.end(),
                                 [](const auto& c) { return c.type == "ReplicaFailure"; });
    if (!trouble) {
      if (it != conditions.end()) conditions.erase(it);
      return;
    }
    if (it != conditions.end()) return;
    auto& c = conditions.emplace_back();
    c.type = "ReplicaFailure";
    c.status = "True";
    c.reason = "FailedCreate";
    c.message = trouble->message();
    c.lastTransitionTime = codec::Time::from(env_.clock().wall());
  }

  Environment& env_;
  client::Informer& workloads_;
  client::Informer& pods_;
  std::unique_ptr<client::EventRecorder> recorder_;
  Expectations expectations_;
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_replica_set_controller(Environment& env) {
  return std::make_unique<ReplicaController<ReplicaSet>>(env);
}
std::unique_ptr<Controller> make_replication_controller(Environment& env) {
  return std::make_unique<ReplicaController<ReplicationController>>(env);
}

}  // namespace mizzen::controllers::replica
