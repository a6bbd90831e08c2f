#include "controllers/objects/garbage/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "async/mutex.h"
#include "controllers/objects/garbage/decide.h"
#include "controllers/objects/garbage/patches.h"

namespace mizzen::controllers::garbage {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// An owner that is there and was not told of yet is asked for again after this long.
constexpr Duration kUnseenRetry = std::chrono::seconds(1);

bool has_finalizer(const meta::v1::ObjectMeta& meta, std::string_view name) {
  return std::find(meta.finalizers.begin(), meta.finalizers.end(), name) != meta.finalizers.end();
}

/// Role: the collector: a graph fed by the informers of every resource but events, as they come and go, and a
/// queue of uids to look at. Kubernetes contract: an object goes when all its owners are gone (checked
/// against the live API, by uid); waiting owners (foreground) are helped by deleting what blocks them;
/// orphaning takes the references away first. Threading: as Controller; the graph is under a mutex that is
/// never held over a call.
class GarbageCollector final : public Controller {
 public:
  explicit GarbageCollector(Environment& env)
      : env_(env),
        recorder_(env.recorder("garbage-collector-controller")),
        queue_(env.queue("garbage-collector", 4), env.runtime(),
               [this](const std::string& uid) { return sync(uid); }) {
    env.each_resource(
        {[this](const api::ResourceInfo& r, client::Informer& informer) { on_add(r, informer); },
         [this](const api::ResourceInfo& r) {
           change_graph([&](Graph& graph) { return graph.remove_all(r); });
         }});
  }

  std::string_view name() const override { return "garbage-collector-controller"; }
  void start() override { queue_.start(); }
  void stop() override {
    queue_.stop();
    recorder_->stop(std::chrono::milliseconds(200));
  }

 private:
  /// Events own nothing and are owned by nobody.
  static bool watched(const api::ResourceInfo& r) { return r.kind != "Event"; }

  void on_add(const api::ResourceInfo& r, client::Informer& informer) {
    if (!watched(r)) return;
    // While it was not served, nothing could be said of its objects that own others.
    change_graph([&](const Graph& graph) { return graph.owned_by(r); });
    const auto put = [this, kept = r.share()](const Seen& o) { on_change(kept, o); };
    informer.add_handler({put, [put](const Seen&, const Seen& now) { put(now); },
                          [this](const Seen& o) {
                            change_graph([&](Graph& graph) { return graph.remove(std::string(o.uid())); });
                          },
                          [this, kept = r.share()](const std::set<std::string>& uids) {
                            change_graph([&](Graph& graph) { return graph.retain(*kept, uids); });
                          }});
  }

  /// Looks at those again whom a change of the graph concerns.
  template <typename F>
  void change_graph(const F& change) {
    std::set<std::string> touched;
    {
      Lock lock(m_);
      touched = change(graph_);
    }
    for (const std::string& uid : touched) queue_.add(uid);
  }

  void on_change(const api::ResourcePtr& r, const Seen& o) {
    const auto& meta = o.meta();
    Node node;
    node.resource = r;
    node.namespace_ = meta.namespace_;
    node.name = meta.name;
    node.uid = meta.uid;
    node.owners = meta.ownerReferences;
    node.deleting = meta.deletionTimestamp.has_value();
    node.waits_for_dependents = node.deleting && has_finalizer(meta, "foregroundDeletion");
    node.orphans_dependents = node.deleting && has_finalizer(meta, "orphan");
    change_graph([&](Graph& graph) {
      const bool dull = !graph.find(node.uid) && node.owners.empty() && !node.waits_for_dependents &&
                        !node.orphans_dependents;
      std::set<std::string> touched = graph.put(std::move(node));
      if (dull) touched.clear();
      return touched;
    });
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
    return change_owners(node, drop_owners_strategic(node.uid, uids),
                         [&](const meta::v1::ObjectMeta& live) { return drop_owners_merge(live, uids); });
  }

  /// Its owners no longer wait for it.
  bool unblock_owners(const Object& live, const Node& node) {
    const std::string strategic = unblock_strategic(live.meta());
    return strategic.empty() || change_owners(node, strategic, unblock_merge);
  }

  /// `merge` makes the patch of what is there for a server that refuses the strategic one, as of kinds that
  /// are not built in.
  bool change_owners(const Node& node, const std::string& strategic,
                     const std::function<std::string(const meta::v1::ObjectMeta&)>& merge) {
    const auto patch = [&](client::PatchType type, const std::string& body) {
      return env_.api().patch(*node.resource, node.namespace_, node.name, type, body, {}, Call());
    };
    auto r = patch(client::PatchType::Strategic, strategic);
    if (!r.ok() && r.error().code() == Code::UnsupportedMediaType) {
      const auto live = env_.api().get(*node.resource, node.namespace_, node.name, Call());
      if (!live.ok()) return gone(live.error());
      if (live->meta().uid != node.uid) return true;
      r = patch(client::PatchType::Merge, merge(live->meta()));
    }
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
    const api::RegistryPtr registry = env_.api().registry();
    const api::ResourceInfo* resource = registry->find_kind(owner.apiVersion, owner.kind);
    if (!resource) return OwnerState::Unserved;
    if (resource->namespaced && node.namespace_.empty()) return OwnerState::Unserved;
    const auto live =
        env_.api().get(*resource, resource->namespaced ? node.namespace_ : "", owner.name, Call());
    if (!live.ok()) {
      // Where its resource went meanwhile, nothing is known of the owner.
      if (!env_.api().registry()->has(*resource)) return OwnerState::Unserved;
      return gone(live.error()) ? OwnerState::Dangling : OwnerState::Unreachable;
    }
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
      recorder_->event(client::reference_to(seen.resource.get(), live), "Warning", "OwnerRefInvalidNamespace",
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
    bool unseen = false;
    for (const auto& owner : live->meta().ownerReferences) {
      const OwnerState state = judge(seen, owner);
      situation.owners.push_back({owner.uid, state});
      unseen |= (state == OwnerState::Solid || state == OwnerState::Waiting) && will_be_seen(owner);
    }
    const Plan plan = decide(situation);
    const Outcome out = carry_out(plan, seen, *live);
    // Should the owner go before its informer has told of it, nothing would tell.
    return unseen && plan.action == Plan::Action::Nothing ? Outcome::later(kUnseenRetry) : out;
  }

  /// True where the graph has yet to hear of an owner that is there.
  bool will_be_seen(const meta::v1::OwnerReference& owner) {
    Lock lock(m_);
    return !graph_.find(owner.uid) && owner.kind != "Event";
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
