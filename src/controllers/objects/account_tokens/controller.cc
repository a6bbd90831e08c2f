#include "controllers/objects/account_tokens/controller.h"

#include <fmt/format.h>

#include "controllers/objects/account_tokens/decide.h"
#include "telemetry/log.h"

namespace mizzen::controllers::account_tokens {
namespace {

using client::Call;
using client::Outcome;
using client::Seen;

/// Role: fills secrets with tokens, and takes them away. Keys are secrets. Threading: as Controller.
class AccountTokenController final : public Controller {
 public:
  AccountTokenController(Environment& env, ClusterKeys keys)
      : env_(env),
        keys_(std::move(keys)),
        accounts_(env.informer<ServiceAccount>()),
        secrets_(env.own_informer(*client::require_resource<Secret>(env.api()),
                                  {.field_selector = fmt::format("type={}", kType)})),
        queue_(env.queue("serviceaccount-token", 1), env.runtime(),
               [this](const std::string& key) { return sync(key); }) {
    const auto add = [this](const Seen& o) { queue_.add(o.key()); };
    secrets_->add_handler({add, [add](const Seen&, const Seen& now) { add(now); }, nullptr});
    const auto its_secrets = [this](const Seen& account) {
      for (const Seen& secret : secrets_->list(std::string(account.namespace_())))
        if (account_of(*secret.share<Secret>()) == account.name()) queue_.add(secret.key());
    };
    accounts_.add_handler({its_secrets, nullptr, its_secrets});
  }

  std::string_view name() const override { return "serviceaccount-token-controller"; }
  void start() override {
    secrets_->start();
    queue_.start();
  }
  void stop() override {
    secrets_->stop();
    queue_.stop();
  }

 private:
  Outcome sync(const std::string& key) {
    const size_t slash = key.find('/');
    const std::string ns = key.substr(0, slash), name = key.substr(slash + 1);
    const auto secret = secrets_->get_as<Secret>(ns, name);
    const std::string wanted = secret ? account_of(*secret) : "";
    if (wanted.empty() || secret->metadata.deletionTimestamp) return Outcome::done();
    auto account = accounts_.get_as<ServiceAccount>(ns, wanted);
    if (!account || !belongs(*secret, *account)) {
      // Asked itself before anything is lost: this view may be behind.
      auto newest = client::get<ServiceAccount>(env_.api(), ns, wanted, Call());
      if (!newest.ok() && newest.error().code() != Code::NotFound) return Outcome::retry();
      account = newest.ok() ? *newest : nullptr;
      if (!account || !belongs(*secret, *account)) return remove(*secret);
    }
    return fill(*secret, *account);
  }

  Outcome fill(const Secret& secret, const ServiceAccount& account) {
    auto next = filled(secret, account, keys_);
    if (!next.ok()) {
      log::error("serviceaccount-token", "a token cannot be signed",
                 {log::kv("secret", secret.metadata.namespace_ + "/" + secret.metadata.name),
                  log::kv("err", next.error().message())});
      return Outcome::retry();
    }
    if (!*next) return Outcome::done();
    const auto r = client::update(env_.api(), std::move(**next), Call());
    // Somebody wrote it meanwhile, or it has gone: its next change says what is to be done.
    const bool settled = r.ok() || r.error().code() == Code::Conflict || r.error().code() == Code::NotFound;
    return settled ? Outcome::done() : Outcome::retry();
  }

  Outcome remove(const Secret& secret) {
    meta::v1::DeleteOptions options;
    options.preconditions.ensure().uid = secret.metadata.uid;
    const auto r =
        client::remove<Secret>(env_.api(), secret.metadata.namespace_, secret.metadata.name, options, Call());
    const bool settled = r.ok() || r.error().code() == Code::Conflict || r.error().code() == Code::NotFound;
    return settled ? Outcome::done() : Outcome::retry();
  }

  Environment& env_;
  const ClusterKeys keys_;
  client::Informer& accounts_;
  const std::unique_ptr<client::Informer> secrets_;  ///< of the one type alone
  client::WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Controller> make_account_token_controller(Environment& env, ClusterKeys keys) {
  return std::make_unique<AccountTokenController>(env, std::move(keys));
}

}  // namespace mizzen::controllers::account_tokens
