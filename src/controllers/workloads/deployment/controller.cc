#include "controllers/workloads/deployment/controller.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "controllers/framework/by_label.h"
#include "controllers/framework/pods.h"
#include "controllers/workloads/deployment/decide.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::controllers::deployment {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// Role: watches Deployments, their ReplicaSets and (for Recreate) pods, and carries plans out.
/// Threading: as Controller; one key at a time. Failure: a write that fails brings the key back with
/// back-off.
class DeploymentController final : public Controller {
 public:
  explicit DeploymentController(Environment& env)
      : env_(env),
        deployments_(env.informer<Deployment>()),
        sets_(env.by_owner<ReplicaSet>()),
        pods_(env.by_owner<Pod>()),
        recorder_(env.recorder("deployment-controller")),
        queue_(env.queue("deployment", 5), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Seen& o) { queue_.add(o.key()); };
    deployments_.add_index(kBySelector, [](const Seen& o) {
      const auto& selector = o.as<Deployment>()->spec.selector;
      return selector_values(o.namespace_(), selector ? selector->matchLabels : machinery::Labels());
    });
    deployments_.add_handler({add, [add](const Seen&, const Seen& now) { add(now); }, add});
    sets_.add_handler({[this](const Seen& now) { on_set(now, true); },
                       [this](const Seen& old, const Seen& now) {
                         on_set(old, false);
                         on_set(now, !(old.meta().labels == now.meta().labels));
                       },
                       [this](const Seen& last) { on_set(last, false); }});
    // A pod that goes may be the last old one a Recreate waits for.
    pods_.add_handler({nullptr, nullptr, [this](const Seen& last) { on_pod_gone(last); }});
  }

  std::string_view name() const override { return "deployment-controller"; }
  void start() override { queue_.start(); }
  void stop() override {
    queue_.stop();
    recorder_->stop(std::chrono::milliseconds(200));
  }

 private:
  void on_set(const Seen& set, bool adoptable) {
    const auto* owner = machinery::controller_of(set.meta());
    if (owner) {
      if (owner->kind == "Deployment") queue_.add(set.meta().namespace_ + "/" + owner->name);
      return;
    }
    if (!adoptable) return;
    for (const Seen& object : may_select(deployments_, set.namespace_(), set.meta().labels)) {
      const auto& selector = object.as<Deployment>()->spec.selector;
      if (!selector) continue;
      const auto parsed = machinery::LabelSelector::from(*selector);
      if (parsed.ok() && !parsed->empty() && parsed->matches(set.meta().labels)) queue_.add(object.key());
    }
  }

  void on_pod_gone(const Seen& pod) {
    const auto* owner = machinery::controller_of(pod.meta());
    if (!owner || owner->kind != "ReplicaSet") return;
    const Seen set = sets_.get(pod.meta().namespace_, owner->name);
    if (set) on_set(set, false);
  }

  Outcome sync(const std::string& key) {
    const auto [ns, name] = client::split_key(key);
    const auto deployment = deployments_.get_as<Deployment>(ns, name);
    if (!deployment || !deployment->spec.selector) return Outcome::done();
    const Object about = Object(deployment);
    const auto selector = machinery::LabelSelector::from(*deployment->spec.selector);
    if (!selector.ok()) return Outcome::done();
    if (selector->empty()) {
      recorder_->event(about, "Warning", "SelectingAll",
                       "This deployment is selecting all pods. A non-empty selector is required.");
      return Outcome::done();
    }
    Observed observed;
    observed.deployment = deployment.get();
    observed.now = env_.clock().wall();
    bool ok = collect(*deployment, *selector, observed);
    if (deployment->spec.strategy.type == "Recreate")
      observed.old_pods_running = old_pods_running(*deployment, observed);
    const Plan plan = decide(observed);
    ok = carry_out(*deployment, about, plan) && ok;
    if (!ok) return Outcome::retry();
    return plan.again > Duration::zero() ? Outcome::later(plan.again) : Outcome::done();
  }

  /// The sets it controls; adopts orphans that match and lets go of those that no longer do.
  bool collect(const Deployment& d, const machinery::LabelSelector& selector, Observed& observed) {
    bool ok = true;
    for (const Seen& object : owned_or_orphaned(sets_, d.metadata.uid, d.metadata.namespace_)) {
      auto set = object.share<ReplicaSet>();
      const auto* owner = machinery::controller_of(set->metadata);
      const bool matches = selector.matches(set->metadata.labels);
      if (owner && owner->uid == d.metadata.uid) {
        if (matches) {
          observed.sets.push_back(std::move(set));
        } else if (!d.metadata.deletionTimestamp) {
          ok = patch_owner(*set, fmt::format(R"({{"$patch":"delete","uid":"{}"}})", d.metadata.uid)) !=
                   nullptr &&
               ok;
        }
      } else if (!owner && matches && !d.metadata.deletionTimestamp && !set->metadata.deletionTimestamp) {
        auto adopted = patch_owner(
            *set,
            fmt::format(
                R"({{"apiVersion":"apps/v1","kind":"Deployment","name":"{}","uid":"{}","controller":true,"blockOwnerDeletion":true}})",
                d.metadata.name, d.metadata.uid));
        if (adopted) observed.sets.push_back(std::move(adopted));
      }
    }
    return ok;
  }

  ReplicaSetPtr patch_owner(const ReplicaSet& set, const std::string& reference) {
    const std::string body =
        fmt::format(R"({{"metadata":{{"uid":"{}","ownerReferences":[{}]}}}})", set.metadata.uid, reference);
    const auto r = client::patch<ReplicaSet>(env_.api(), set.metadata.namespace_, set.metadata.name,
                                             client::PatchType::Strategic, body, Call());
    return r.ok() ? *r : nullptr;
  }

  bool old_pods_running(const Deployment& d, const Observed& observed) const {
    const ReplicaSetPtr fresh = find_new_set(d, observed.sets);
    for (const auto& set : observed.sets) {
      if (set == fresh) continue;
      for (const Seen& pod : pods_.by_index(Environment::kByOwner, set->metadata.uid))
        if (!is_finished(*pod.as<Pod>())) return true;
    }
    return false;
  }

  bool carry_out(const Deployment& d, const Object& about, const Plan& plan) {
    bool ok = true;
    if (plan.rollback) {
      const size_t space = plan.rollback_event.find(' '), second = plan.rollback_event.find(' ', space + 1);
      recorder_->event(about, plan.rollback_event.substr(0, space),
                       plan.rollback_event.substr(space + 1, second - space - 1),
                       plan.rollback_event.substr(second + 1));
      const auto r = client::update(env_.api(), *plan.rollback, Call());
      return r.ok() || r.error().code() == Code::NotFound;
    }
    std::optional<Deployment> status = plan.status;
    if (plan.create) ok = create_set(d, about, *plan.create, status) && ok;
    if (plan.update) {
      const auto r = client::update(env_.api(), *plan.update, Call());
      ok = r.ok() && ok;
    }
    for (const Scale& scale : plan.scale) ok = scale_set(d, about, scale) && ok;
    for (const ReplicaSetPtr& set : plan.remove) {
      meta::v1::DeleteOptions options;
      options.preconditions.ensure().uid = set->metadata.uid;
      const auto r = client::remove<ReplicaSet>(env_.api(), set->metadata.namespace_, set->metadata.name,
                                                options, Call());
      ok = (r.ok() || r.error().code() == Code::NotFound) && ok;
    }
    if (status) {
      const auto r = client::update_status(env_.api(), std::move(*status), Call());
      ok = (r.ok() || r.error().code() == Code::NotFound) && ok;
    }
    return ok;
  }

  bool create_set(const Deployment& d, const Object& about, const ReplicaSet& set,
                  std::optional<Deployment>& status) {
    const auto made = client::create(env_.api(), set, Call());
    if (made.ok()) {
      if (set.spec.replicas.value_or(0) > 0)
        recorder_->event(
            about, "Normal", "ScalingReplicaSet",
            fmt::format("Scaled up replica set {} from 0 to {}", set.metadata.name, *set.spec.replicas));
      return true;
    }
    if (made.error().code() == Code::AlreadyExists) {
      const auto there =
          client::get<ReplicaSet>(env_.api(), set.metadata.namespace_, set.metadata.name, Call());
      if (there.ok()) {
        const auto* owner = machinery::controller_of((*there)->metadata);
        if (owner && owner->uid == d.metadata.uid && find_new_set(d, {*there}))
          return true;  // our own, not seen yet
      }
      // Another template has this hash: the next one is made with a higher count.
      Deployment next = d;
      next.status.collisionCount = d.status.collisionCount.value_or(0) + 1;
      (void)client::update_status(env_.api(), std::move(next), Call()).ok();
      status.reset();
      return false;
    }
    recorder_->event(about, "Warning", "ReplicaSetCreateError",
                     fmt::format("Failed to create new replica set {}: {}", quote(set.metadata.name),
                                 made.error().message()));
    if (status) {
      for (auto& c : status->status.conditions) {
        if (c.type != "Progressing") continue;
        c.status = "False";
        c.reason = "ReplicaSetCreateError";
        c.message = fmt::format("Failed to create new replica set {}: {}", quote(set.metadata.name),
                                made.error().message());
      }
    }
    return false;
  }

  bool scale_set(const Deployment& d, const Object& about, const Scale& scale) {
    ReplicaSet next = *scale.set;
    const int32_t before = next.spec.replicas.value_or(1);
    next.spec.replicas = scale.replicas;
    set_size_annotations(next, d);
    if (codec::equal(next, *scale.set)) return true;
    const auto r = client::update(env_.api(), std::move(next), Call());
    if (!r.ok()) return false;
    if (before != scale.replicas)
      recorder_->event(
          about, "Normal", "ScalingReplicaSet",
          fmt::format("Scaled {} replica set {} from {} to {}", scale.replicas > before ? "up" : "down",
                      scale.set->metadata.name, before, scale.replicas));
    return true;
  }

  Environment& env_;
  client::Informer& deployments_;
  client::Informer& sets_;
  client::Informer& pods_;
  std::unique_ptr<client::EventRecorder> recorder_;
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_deployment_controller(Environment& env) {
  return std::make_unique<DeploymentController>(env);
}

}  // namespace mizzen::controllers::deployment
