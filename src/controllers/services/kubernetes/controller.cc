#include "controllers/services/kubernetes/controller.h"

#include "controllers/services/kubernetes/decide.h"

namespace mizzen::controllers::kubernetes_service {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;

constexpr const char* kKey = "default/kubernetes";
/// As upstream looks; here only while something cannot be made, as when the namespace is not there yet.
constexpr Duration kPeriod = std::chrono::seconds(10);

/// Role: one key; looked at when any of the three objects changes or goes, and at the start. Kubernetes
/// contract: what kube-apiserver does of itself, for one server. Threading: as Controller.
class KubernetesService final : public Controller {
 public:
  KubernetesService(Environment& env, ApiAddress at)
      : env_(env),
        at_(std::move(at)),
        services_(env.informer<Service>()),
        endpoints_(env.informer<Endpoints>()),
        slices_(env.informer<EndpointSlice>()),
        queue_({"kubernetes-service", 1}, env.runtime(), [this](const std::string&) { return sync(); }) {
    const auto look = [this](const Seen& o) {
      if (o.key() == kKey) queue_.add(kKey);
    };
    for (client::Informer* informer : {&services_, &endpoints_, &slices_})
      informer->add_handler({nullptr, [look](const Seen&, const Seen& now) { look(now); }, look});
  }

  std::string_view name() const override { return "kubernetes-service-controller"; }
  void start() override {
    queue_.start();
    queue_.add(kKey);
  }
  void stop() override { queue_.stop(); }

 private:
  Outcome sync() {
    if (!services_.get("default", "kubernetes")) {
      const auto r = client::create(env_.api(), wanted_service(at_), Call());
      if (!r.ok() && r.error().code() != Code::AlreadyExists) return Outcome::later(kPeriod);
    }
    return correct<Endpoints>(endpoints_) && correct<EndpointSlice>(slices_) ? Outcome::done()
                                                                             : Outcome::later(kPeriod);
  }

  template <typename T>
  bool correct(client::Informer& informer) {
    const auto present = informer.get_as<T>("default", "kubernetes");
    auto next = corrected(present ? *present : T(), at_);
    if (!next) return true;
    return (present ? client::update(env_.api(), std::move(*next), Call())
                    : client::create(env_.api(), std::move(*next), Call()))
        .ok();
  }

  Environment& env_;
  const ApiAddress at_;
  client::Informer& services_;
  client::Informer& endpoints_;
  client::Informer& slices_;
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_kubernetes_service_controller(Environment& env, ApiAddress at) {
  return std::make_unique<KubernetesService>(env, std::move(at));
}

}  // namespace mizzen::controllers::kubernetes_service
