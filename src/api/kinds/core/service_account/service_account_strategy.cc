#include "api/kinds/core/service_account/service_account_strategy.h"

#include "api/schema/core/v1/service_account.h"

namespace mizzen::api {
namespace {

class ServiceAccountStrategy final : public TypedStrategy<core::v1::ServiceAccount> {
 public:
  bool returns_deleted() const override { return true; }
};

}  // namespace

const Strategy& service_account_strategy() {
  static const ServiceAccountStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
