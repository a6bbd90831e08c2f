#include "controllers/objects/garbage/controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/builtin.h"
#include "async/mutex.h"
#include "controllers/objects/garbage/decide.h"

namespace mizzen::controllers::garbage {
namespace {

using client::Call;
using client::Outcome;
using machinery::Object;

bool has_finalizer(const meta::v1::ObjectMeta& meta, std::string_view name) {
  return std::find(meta.finalizers.begin(), meta.finalizers.end(), name) != meta.finalizers.end();
}

/// Role: the collector: a graph fed by the informers of every resource but events, and a queue of uids to
/// look at. Kubernetes contract: an object goes when all its owners are gone (checked against the live API,
/// by uid); waiting owners (foreground) are helped by deleting what blocks them; orphaning takes the
/// references away first. Threading: as Controller; the graph is under a mutex that is never held over a
/// call.
class GarbageCollector final : public Controller {
 public:
  explicit GarbageCollector(Environment& env)
      : env_(env),
        recorder_(env.recorder("garbage-collector-controller")),
        queue_(env.queue("garbage-collector", 4), env.executor(), env.timers(),
               [this](const std::string& uid) { return sync(uid); }) {
    for (const api::ResourceInfo& r : api::builtin().resources()) {
      if (r.create_only || r.kind == "Event") continue;
      const auto put = [this, &r](const Object& o) { on_change(r, o); };
      env.informer(r).add_handler({put, [put](const Object&, const Object& now) { put(now); },
                                   [this](const Object& o) {
                                     std::set<std::string> touched;
                                     {
                                       Lock lock(m_);
                                       touched = graph_.remove(o.meta().uid);
                                     }
                                     for (const std::string& uid : touched) queue_.add(uid);
                                   }});
    }
  }

  std::string_view name() const override { return "garbage-collector"; }
  void start() override { queue_.start(); }
  void stop() override { queue_.stop(); }

 private:
  void on_change(const api::ResourceInfo& r, const Object& o) {
    const auto& meta = o.meta();
    Node node;
    node.resource = &r;
    node.namespace_ = meta.namespace_;
    node.name = meta.name;
    node.uid = meta.uid;
    node.owners = meta.ownerReferences;
    node.deleting = meta.deletionTimestamp.has_value();
    node.waits_for_dependents = node.deleting && has_finalizer(meta, "foregroundDeletion");
    node.orphans_dependents = node.deleting && has_finalizer(meta, "orphan");
    std::set<std::string> touched;
    {
      Lock lock(m_);
      const Node* before = graph_.find(node.uid);
      const bool dull =
          !before && node.owners.empty() && !node.waits_for_dependents && !node.orphans_dependents;
      touched = graph_.put(std::move(node));
      if (dull) touched.clear();
    }
    for (const std::string& uid : touched) queue_.add(uid);
  }

  Outcome sync(const std::string& uid) {
    Node node;
    std::vector<Node> dependents;
    {
      Lock lock(m_);
      const Node* found = graph_.find(uid);
      if (!found) return Outcome::done();
      node = *found;
      for (const Node* d : graph_.dependents(uid)) dependents.push_back(*d);
    }
    if (node.orphans_dependents) return orphan(node, dependents);
    if (node.waits_for_dependents) return foreground(node, dependents);
    if (node.deleting || node.owners.empty()) return Outcome::done();
    return collect(node, dependents);
  }

  static bool gone(const Error& e) { return e.code() == Code::NotFound; }

  bool drop_finalizer(const Node& node, std::string_view finalizer) {
    const auto live = env_.api().get(*node.resource, node.namespace_, node.name, Call());
    if (!live.ok()) return gone(live.error());
    if (live->meta().uid != node.uid || !has_finalizer(live->meta(), finalizer)) return true;
    std::string list;
    for (const std::string& f : live->meta().finalizers)
      if (f != finalizer) list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", f);
    const std::string body = fmt::format(R"({{"metadata":{{"resourceVersion":"{}","finalizers":[{}]}}}})",
                                         live->meta().resourceVersion, list);
    const auto r = env_.api().patch(*node.resource, node.namespace_, node.name, client::PatchType::Merge,
                                    body, {}, Call());
    return r.ok() || gone(r.error());
  }

  bool drop_owners(const Node& node, const std::vector<std::string>& uids) {
    std::string list;
    for (const std::string& uid : uids)
      list += fmt::format("{}{{\"$patch\":\"delete\",\"uid\":\"{}\"}}", list.empty() ? "" : ",", uid);
    const std::string body =
        fmt::format(R"({{"metadata":{{"uid":"{}","ownerReferences":[{}]}}}})", node.uid, list);
    const auto r = env_.api().patch(*node.resource, node.namespace_, node.name, client::PatchType::Strategic,
                                    body, {}, Call());
    return r.ok() || gone(r.error());
  }

  /// Its owners no longer wait for it.
  bool unblock_owners(const Object& live, const Node& node) {
    std::string list;
    for (const auto& owner : live.meta().ownerReferences)
      if (owner.blockOwnerDeletion.value_or(false))
        list += fmt::format("{}{{\"uid\":\"{}\",\"blockOwnerDeletion\":false}}", list.empty() ? "" : ",",
                            owner.uid);
    if (list.empty()) return true;
    const std::string body =
        fmt::format(R"({{"metadata":{{"uid":"{}","ownerReferences":[{}]}}}})", node.uid, list);
    const auto r = env_.api().patch(*node.resource, node.namespace_, node.name, client::PatchType::Strategic,
                                    body, {}, Call());
    return r.ok() || gone(r.error());
  }

  bool remove(const Node& node, const std::string& policy, const std::string& resource_version) {
    meta::v1::DeleteOptions options;
    options.preconditions.ensure().uid = node.uid;
    if (!resource_version.empty()) options.preconditions->resourceVersion = resource_version;
    options.propagationPolicy = policy;
    const auto r = env_.api().remove(*node.resource, node.namespace_, node.name, options, Call());
    return r.ok() || gone(r.error());
  }

  Outcome orphan(const Node& node, const std::vector<Node>& dependents) {
    for (const Node& d : dependents)
      if (!drop_owners(d, {node.uid})) return Outcome::retry();
    return drop_finalizer(node, "orphan") ? Outcome::done() : Outcome::retry();
  }

  Outcome foreground(const Node& node, const std::vector<Node>& dependents) {
    bool blocked = false;
    for (const Node& d : dependents) {
      for (const auto& owner : d.owners)
        if (owner.uid == node.uid && owner.blockOwnerDeletion.value_or(false)) blocked = true;
      if (!d.waits_for_dependents) queue_.add(d.uid);
    }
    if (blocked) return Outcome::done();
    return drop_finalizer(node, "foregroundDeletion") ? Outcome::done() : Outcome::retry();
  }

  OwnerState judge(const Node& node, const meta::v1::OwnerReference& owner) {
    const api::ResourceInfo* resource = api::builtin().find_kind(owner.apiVersion, owner.kind);
    if (!resource) return OwnerState::Unserved;
    if (resource->namespaced && node.namespace_.empty()) return OwnerState::Unserved;
    const auto live =
        env_.api().get(*resource, resource->namespaced ? node.namespace_ : "", owner.name, Call());
    if (!live.ok()) return gone(live.error()) ? OwnerState::Dangling : OwnerState::Unreachable;
    if (live->meta().uid != owner.uid) return OwnerState::Dangling;
    return live->meta().deletionTimestamp && has_finalizer(live->meta(), "foregroundDeletion")
               ? OwnerState::Waiting
               : OwnerState::Solid;
  }

  void tell_misplaced_owners(const Object& live, const Node& seen) {
    std::vector<meta::v1::OwnerReference> misplaced;
    {
      Lock lock(m_);
      misplaced = misplaced_owners(graph_, seen);
    }
    for (const auto& owner : misplaced)
      recorder_->event(live, "Warning", "OwnerRefInvalidNamespace",
                       misplaced_owner_message(owner, seen.namespace_));
  }

  Outcome collect(const Node& seen, const std::vector<Node>& dependents) {
    const auto live = env_.api().get(*seen.resource, seen.namespace_, seen.name, Call());
    if (!live.ok()) return gone(live.error()) ? Outcome::done() : Outcome::retry();
    if (live->meta().uid != seen.uid) return Outcome::done();
    tell_misplaced_owners(*live, seen);
    Situation situation;
    situation.finalizers = live->meta().finalizers;
    situation.has_dependents = !dependents.empty();
    situation.dependents_wait = std::any_of(dependents.begin(), dependents.end(),
                                            [](const Node& d) { return d.waits_for_dependents; });
    for (const auto& owner : live->meta().ownerReferences)
      situation.owners.push_back({owner.uid, judge(seen, owner)});
    return carry_out(decide(situation), seen, *live);
  }

  Outcome carry_out(const Plan& plan, const Node& seen, const Object& live) {
    bool ok = true;
    switch (plan.action) {
      case Plan::Action::Nothing:
        break;
      case Plan::Action::TryLater:
        ok = false;
        break;
      case Plan::Action::DropOwners:
        ok = drop_owners(seen, plan.drop);
        break;
      case Plan::Action::Delete:
        // Unblocking its owners changes the object: the version it had is no precondition then.
        ok = (!plan.unblock_owners || unblock_owners(live, seen)) &&
             remove(seen, plan.propagation, plan.unblock_owners ? "" : live.meta().resourceVersion);
        break;
    }
    return ok ? Outcome::done() : Outcome::retry();
  }

  Environment& env_;
  std::unique_ptr<client::EventRecorder> recorder_;
  Mutex m_;
  Graph graph_ MZ_GUARDED_BY(m_);
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_garbage_collector(Environment& env) {
  return std::make_unique<GarbageCollector>(env);
}

}  // namespace mizzen::controllers::garbage
