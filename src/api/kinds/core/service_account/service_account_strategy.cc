#include "api/kinds/core/service_account/service_account_strategy.h"

#include "api/schema/core/v1/service_account.h"

namespace mizzen::api {
namespace {

using core::v1::ServiceAccount;

/// Secrets are those of the account's namespace: nothing but their names means anything.
void keep_names(ServiceAccount& account) {
  for (auto& secret : account.secrets) {
    core::v1::ObjectReference named;
    named.name = std::move(secret.name);
    secret = std::move(named);
  }
}

class ServiceAccountStrategy final : public TypedStrategy<ServiceAccount> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  bool returns_deleted() const override { return true; }
  void before_create(ServiceAccount& account) const override { keep_names(account); }
  void before_update(ServiceAccount& account, const ServiceAccount&) const override { keep_names(account); }
};

}  // namespace

const Strategy& service_account_strategy() {
  static const ServiceAccountStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
