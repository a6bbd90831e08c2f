#include "controllers/services/endpoints/controller.h"

#include <algorithm>

#include "controllers/framework/by_label.h"
#include "controllers/services/endpoints/decide.h"
#include "controllers/services/endpoints/written_slices.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::controllers::endpoints {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;

/// Role: keeps both forms of a service's addresses current. Keys are services. Threading: as Controller.
class EndpointsController final : public Controller {
 public:
  explicit EndpointsController(Environment& env)
      : env_(env),
        services_(env.informer<Service>()),
        pods_(env.pods_by_label()),
        endpoints_(env.informer<Endpoints>()),
        slices_(env.informer<EndpointSlice>()),
        written_(env.clock()),
        queue_(env.queue("endpoint", 5), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Seen& o) { queue_.add(o.key()); };
    services_.add_index(kBySelector, [](const Seen& o) -> std::vector<std::string> {
      const auto& selector = o.as<Service>()->spec.selector;
      if (selector.empty()) return {};
      return selector_values(o.namespace_(), selector);
    });
    services_.add_handler({add, [add](const Seen&, const Seen& now) { add(now); }, add});
    const auto on_pod = [this](const Seen& pod) { add_services_of(pod); };
    pods_.add_handler({on_pod,
                       [on_pod](const Seen& old, const Seen& now) {
                         if (!(old.meta().labels == now.meta().labels)) on_pod(old);
                         on_pod(now);
                       },
                       on_pod});
    endpoints_.add_handler({nullptr, nullptr, add});
    const auto look = [this](const Seen& now) { on_slice(now); };
    slices_.add_index(kByService, [](const Seen& o) -> std::vector<std::string> {
      const std::string service = service_of(o);
      return service.empty() ? std::vector<std::string>() : std::vector<std::string>{service};
    });
    slices_.add_handler({look, [look](const Seen&, const Seen& now) { look(now); },
                         [this](const Seen& last) {
                           const std::string service = service_of(last);
                           if (service.empty()) return;
                           written_.gone(service, std::string(last.uid()));
                           queue_.add(service);
                         }});
  }

  std::string_view name() const override { return "endpoints-controller"; }
  void start() override { queue_.start(); }
  void stop() override { queue_.stop(); }

 private:
  /// Slices are found by the key of their service.
  static constexpr const char* kByService = "service";
  static std::string service_of(const Seen& slice) {
    const std::string* service = slice.meta().labels.find("kubernetes.io/service-name");
    return service ? slice.meta().namespace_ + "/" + *service : "";
  }
  static bool is_ours(const meta::v1::ObjectMeta& slice) {
    return slice.labels.get("endpointslice.kubernetes.io/managed-by") == "endpointslice-controller.k8s.io";
  }

  void add_services_of(const Seen& pod) {
    const auto& labels = pod.meta().labels;
    for (const Seen& service : may_select(services_, pod.namespace_(), labels))
      if (machinery::LabelSelector::from_pairs(service.as<Service>()->spec.selector).matches(labels))
        queue_.add(service.key());
  }

  /// A slice that came or changed by somebody else's hand, or by a write of ours whose answer was lost: its
  /// service is looked at again.
  void on_slice(const Seen& now) {
    const std::string service = service_of(now);
    if (service.empty() || !is_ours(now.meta())) return;
    if (!written_.is_own(service, *now.as<EndpointSlice>())) queue_.add(service);
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
    const std::vector<PodPtr> pods = pods_with(pods_, ns, service->spec.selector);
    const std::vector<EndpointSlice> present = slices_of(key);
    if (written_.newer_than(key, present)) return Outcome::retry();
    const bool a = write_endpoints(*service, pods), b = write_slices(key, *service, pods, present);
    return a && b ? Outcome::done() : Outcome::retry();
  }

  /// Those that are ours, as far as they have been seen.
  std::vector<EndpointSlice> slices_of(const std::string& service) const {
    std::vector<EndpointSlice> out;
    for (const Seen& slice : slices_.by_index(kByService, service))
      if (is_ours(slice.meta())) out.push_back(*slice.as<EndpointSlice>());
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
