#include "controllers/objects/namespaces/controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/pod.h"
#include "controllers/objects/namespaces/decide.h"
#include "telemetry/log.h"

namespace mizzen::controllers::namespaces {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;
using machinery::Object;

/// Pods that terminate are looked at again after this long.
constexpr Duration kRemainingRetry = std::chrono::seconds(2);

client::WorkQueue::Options queue_options(Environment& env) {
  auto out = env.queue("namespace", 2);
  out.backoff_min = std::chrono::milliseconds(100);
  out.backoff_max = std::chrono::seconds(60);
  return out;
}

/// Role: deletes what is in a terminating namespace, resource by resource, and removes the finalizer once it
/// is empty; makes the namespaces of the system again. Kubernetes contract: conditions
/// NamespaceDeletionContentFailure, NamespaceContentRemaining and NamespaceFinalizersRemaining say what it
/// waits for. Threading: as Controller.
class NamespaceController final : public Controller {
 public:
  explicit NamespaceController(Environment& env)
      : env_(env),
        namespaces_(env.informer<Namespace>()),
        queue_(queue_options(env), env.runtime(), [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Seen& o) {
      if (o.meta().deletionTimestamp) queue_.add(o.meta().name);
    };
    namespaces_.add_handler({add, [add](const Seen&, const Seen& now) { add(now); },
                             [this](const Seen& o) {
                               if (is_system(o.name())) queue_.add(o.key());
                             }});
  }

  std::string_view name() const override { return "namespace-controller"; }
  void start() override {
    queue_.start();
    for (const char* name : kSystemNamespaces) queue_.add(name);
  }
  void stop() override { queue_.stop(); }

 private:
  Outcome sync(const std::string& name) {
    const auto ns = namespaces_.get_as<Namespace>("", name);
    if (!ns && is_system(name)) return make_again(name);
    if (!ns || !ns->metadata.deletionTimestamp) return Outcome::done();
    if (std::find(ns->spec.finalizers.begin(), ns->spec.finalizers.end(), "kubernetes") ==
        ns->spec.finalizers.end())
      return Outcome::done();
    Content content;
    std::map<std::string, size_t> held;
    // Pods go first and the rest waits for them: what a pod needs to end well is there until it has ended.
    const auto served = env_.api().registry_now(Call());
    if (!served.ok()) return Outcome::retry();  // what nobody knows of would be left behind
    const api::RegistryPtr registry = *served;
    const api::ResourceInfo* pods = registry->find<api::core::v1::Pod>();
    if (pods) empty_resource(*pods, name, content, held);
    if (content.left == 0 && content.failure.empty())
      for (const api::ResourceInfo& r : registry->resources())
        if (r.namespaced && r.stored() && &r != pods) empty_resource(r, name, content, held);
    content.finalizers = finalizers_text(held);
    if (content.left == 0 && content.failure.empty()) return finalize(*ns);
    if (!write_conditions(*ns, content)) return Outcome::retry();
    return content.failure.empty() ? Outcome::later(kRemainingRetry) : Outcome::retry();
  }

  void empty_resource(const api::ResourceInfo& r, const std::string& ns, Content& content,
                      std::map<std::string, size_t>& held) {
    client::ListOptions options;
    options.namespace_ = ns;
    const auto list = env_.api().list(r, options, Call());
    if (!list.ok()) {
      content.failure = list.error().message();
      return;
    }
    size_t left = 0;
    for (const Object& object : list->items) {
      const auto& meta = object.meta();
      if (!meta.deletionTimestamp) {
        meta::v1::DeleteOptions background;
        background.propagationPolicy = "Background";
        const auto gone = env_.api().remove(r, ns, meta.name, background, Call());
        if (!gone.ok() && gone.error().code() != Code::NotFound) content.failure = gone.error().message();
      }
      const auto still = env_.api().get(r, ns, meta.name, Call());
      if (!still.ok() && still.error().code() == Code::NotFound) continue;
      ++left;
      if (!still.ok()) {  // nobody knows; a namespace that goes too early leaves it behind for good
        content.failure = still.error().message();
        continue;
      }
      for (const std::string& f : still->meta().finalizers) ++held[f];
    }
    if (left == 0) return;
    content.left += left;
    content.resources += fmt::format("{}{}.{} has {} resource instances",
                                     content.resources.empty() ? "" : ", ", r.plural, r.group(), left);
  }

  Outcome make_again(const std::string& name) {
    Namespace ns;
    ns.metadata.name = name;
    const auto r = client::create(env_.api(), std::move(ns), Call());
    return r.ok() || r.error().code() == Code::AlreadyExists ? Outcome::done() : Outcome::retry();
  }

  Outcome finalize(const Namespace& ns) {
    Namespace next = ns;
    std::erase(next.spec.finalizers, "kubernetes");
    const auto r = client::update(env_.api(), std::move(next), Call(), {"finalize", false, ""});
    return r.ok() || r.error().code() == Code::NotFound ? Outcome::done() : Outcome::retry();
  }

  bool write_conditions(const Namespace& ns, const Content& content) {
    auto next = judged_status(ns, content, env_.clock().wall());
    return !next || client::update_status(env_.api(), std::move(*next), Call()).ok();
  }

  Environment& env_;
  client::Informer& namespaces_;
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_namespace_controller(Environment& env) {
  return std::make_unique<NamespaceController>(env);
}

}  // namespace mizzen::controllers::namespaces
