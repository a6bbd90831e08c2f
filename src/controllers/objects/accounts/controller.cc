#include "controllers/objects/accounts/controller.h"

#include <fmt/format.h>

#include "controllers/objects/accounts/decide.h"

namespace mizzen::controllers::accounts {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;

/// Role: puts back what every namespace must have. Keys are namespaces. Threading: as Controller.
class AccountController final : public Controller {
 public:
  AccountController(Environment& env, std::string root_ca_pem)
      : env_(env),
        root_ca_pem_(std::move(root_ca_pem)),
        namespaces_(env.informer<Namespace>()),
        accounts_(env.informer<ServiceAccount>()),
        maps_(env.own_informer(*client::require_resource<ConfigMap>(env.api()),
                               {.field_selector = fmt::format("metadata.name={}", kRootCa)})),
        queue_(env.queue("serviceaccount", 1), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Seen& o) { queue_.add(o.key()); };
    namespaces_.add_handler({add, [add](const Seen&, const Seen& now) { add(now); }, nullptr});
    const auto of_namespace = [this](const Seen& o) { queue_.add(std::string(o.namespace_())); };
    accounts_.add_handler({nullptr, nullptr, of_namespace});
    maps_->add_handler(
        {of_namespace, [of_namespace](const Seen&, const Seen& now) { of_namespace(now); }, of_namespace});
  }

  std::string_view name() const override { return "serviceaccount-controller"; }
  void start() override {
    maps_->start();
    queue_.start();
  }
  void stop() override {
    maps_->stop();
    queue_.stop();
  }

 private:
  static bool settled(const Error& e) {
    return e.code() == Code::AlreadyExists || e.code() == Code::NotFound || e.code() == Code::Forbidden;
  }

  Outcome sync(const std::string& name) {
    const auto ns = namespaces_.get_as<Namespace>("", name);
    if (!ns || !wants_content(*ns)) return Outcome::done();
    if (!accounts_.get(name, "default")) {
      const auto r = client::create(env_.api(), default_account(name), Call());
      if (!r.ok() && !settled(r.error())) return Outcome::retry();
    }
    const auto present = maps_->get_as<ConfigMap>(name, kRootCa);
    if (root_ca_pem_.empty()) return Outcome::done();
    auto map = corrected_root_ca(present.get(), name, root_ca_pem_);
    if (!map) return Outcome::done();
    const auto r = present ? client::update(env_.api(), std::move(*map), Call())
                           : client::create(env_.api(), std::move(*map), Call());
    return r.ok() || settled(r.error()) ? Outcome::done() : Outcome::retry();
  }

  Environment& env_;
  const std::string root_ca_pem_;
  client::Informer& namespaces_;
  client::Informer& accounts_;
  const std::unique_ptr<client::Informer> maps_;  ///< of the one name alone: there may be very many others
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_account_controller(Environment& env, std::string root_ca_pem) {
  return std::make_unique<AccountController>(env, std::move(root_ca_pem));
}

}  // namespace mizzen::controllers::accounts
