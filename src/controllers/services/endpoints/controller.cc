#include "controllers/services/endpoints/controller.h"

#include <algorithm>

#include "controllers/services/endpoints/decide.h"
#include "controllers/services/endpoints/written_slices.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::controllers::endpoints {
namespace {

using client::Call;
using client::Outcome;
using machinery::Object;

/// Role: keeps both forms of a service's addresses current. Keys are services. Threading: as Controller.
class EndpointsController final : public Controller {
 public:
  explicit EndpointsController(Environment& env)
      : env_(env),
        services_(env.informer<Service>()),
        pods_(env.informer<Pod>()),
        endpoints_(env.informer<Endpoints>()),
        slices_(env.informer<EndpointSlice>()),
        written_(env.clock()),
        queue_(env.queue("endpoint", 5), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Object& o) { queue_.add(client::key_of(o)); };
    services_.add_handler({add, [add](const Object&, const Object& now) { add(now); }, add});
    pods_.add_handler({[this](const Object& now) { on_pod(now); },
                       [this](const Object& old, const Object& now) {
                         if (!(old.meta().labels == now.meta().labels)) on_pod(old);
                         on_pod(now);
                       },
                       [this](const Object& last) { on_pod(last); }});
    endpoints_.add_handler({nullptr, nullptr, add});
    const auto look = [this](const Object& now) { on_slice(now); };
    slices_.add_handler({look, [look](const Object&, const Object& now) { look(now); },
                         [this](const Object& last) {
                           const std::string* service = last.meta().labels.find("kubernetes.io/service-name");
                           if (!service) return;
                           const std::string key = last.meta().namespace_ + "/" + *service;
                           written_.gone(key, last.meta().uid);
                           queue_.add(key);
                         }});
  }

  std::string_view name() const override { return "endpoints-controller"; }
  void start() override { queue_.start(); }
  void stop() override { queue_.stop(); }

 private:
  void on_pod(const Object& pod) {
    for (const Object& object : services_.list(pod.meta().namespace_)) {
      const Service& s = *object.as<Service>();
      if (!s.spec.selector.empty() &&
          machinery::LabelSelector::from_pairs(s.spec.selector).matches(pod.meta().labels))
        queue_.add(client::key_of(object));
    }
  }

  /// A slice that came or changed by somebody else's hand, or by a write of ours whose answer was lost: its
  /// service is looked at again.
  void on_slice(const Object& now) {
    const auto& labels = now.meta().labels;
    const std::string* service = labels.find("kubernetes.io/service-name");
    if (!service || labels.get("endpointslice.kubernetes.io/managed-by") != "endpointslice-controller.k8s.io")
      return;
    const std::string key = now.meta().namespace_ + "/" + *service;
    if (!written_.is_own(key, *now.as<EndpointSlice>())) queue_.add(key);
  }

  static bool ok_or_gone(const Error& e) {
    return e.code() == Code::NotFound || e.code() == Code::AlreadyExists || e.code() == Code::Forbidden;
  }

  Outcome sync(const std::string& key) {
    const auto [ns, name] = client::split_key(key);
    const auto service = services_.get_as<Service>(ns, name);
    if (!service) {
      if (endpoints_.get(ns, name)) (void)client::remove<Endpoints>(env_.api(), ns, name, {}, Call()).ok();
      return Outcome::done();
    }
    if (service->spec.selector.empty() || service->metadata.deletionTimestamp ||
        service->spec.type == "ExternalName")
      return Outcome::done();
    const auto selector = machinery::LabelSelector::from_pairs(service->spec.selector);
    std::vector<PodPtr> pods;
    for (const Object& object : pods_.list(ns))
      if (selector.matches(object.meta().labels)) pods.push_back(object.share<Pod>());
    const std::vector<EndpointSlice> present = slices_of(*service);
    if (written_.newer_than(key, present)) return Outcome::retry();
    const bool a = write_endpoints(*service, pods), b = write_slices(key, *service, pods, present);
    return a && b ? Outcome::done() : Outcome::retry();
  }

  /// Those that are ours, as far as they have been seen.
  std::vector<EndpointSlice> slices_of(const Service& service) const {
    std::vector<EndpointSlice> out;
    for (const Object& object : slices_.list(service.metadata.namespace_)) {
      const auto& labels = object.meta().labels;
      if (labels.get("kubernetes.io/service-name") == service.metadata.name &&
          labels.get("endpointslice.kubernetes.io/managed-by") == "endpointslice-controller.k8s.io")
        out.push_back(*object.as<EndpointSlice>());
    }
    return out;
  }

  bool write_endpoints(const Service& service, const std::vector<PodPtr>& pods) {
    const auto present = endpoints_.get_as<Endpoints>(service.metadata.namespace_, service.metadata.name);
    Endpoints next = desired_endpoints(service, pods, present ? *present : Endpoints());
    if (present && codec::equal(next, *present)) return true;
    const auto r = present ? client::update(env_.api(), std::move(next), Call())
                           : client::create(env_.api(), std::move(next), Call());
    return r.ok() || (!present && ok_or_gone(r.error()));
  }

  bool write_slices(const std::string& key, const Service& service, const std::vector<PodPtr>& pods,
                    const std::vector<EndpointSlice>& present) {
    SlicePlan plan = plan_slices(service, pods, present);
    bool ok = true;
    for (EndpointSlice& s : plan.create) {
      const auto r = client::create(env_.api(), std::move(s), Call());
      if (r.ok()) written_.wrote(key, **r);
      ok = (r.ok() || ok_or_gone(r.error())) && ok;
    }
    for (EndpointSlice& s : plan.update) {
      const auto r = client::update(env_.api(), std::move(s), Call());
      if (r.ok()) written_.wrote(key, **r);
      ok = (r.ok() || r.error().code() == Code::NotFound) && ok;
    }
    for (const EndpointSlice& s : plan.remove) {
      const auto r =
          client::remove<EndpointSlice>(env_.api(), s.metadata.namespace_, s.metadata.name, {}, Call());
      if (r.ok()) written_.removed(key, s);
      ok = (r.ok() || r.error().code() == Code::NotFound) && ok;
    }
    return ok;
  }

  Environment& env_;
  client::Informer& services_;
  client::Informer& pods_;
  client::Informer& endpoints_;
  client::Informer& slices_;
  WrittenSlices written_;
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_endpoints_controller(Environment& env) {
  return std::make_unique<EndpointsController>(env);
}

}  // namespace mizzen::controllers::endpoints
