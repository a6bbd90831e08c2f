#include "api/kinds/core/service_account/service_account_strategy.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/service_account.h"
#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ServiceAccountStrategy, OfItsSecretsTheNamesAreKept) {
  const Checked accounts("", "v1", "serviceaccounts");
  const std::string json =
      R"({"secrets":[{"name":"s","namespace":"n","uid":"u","kind":"Secret","fieldPath":"f"}]})";
  const machinery::MutableObject old = accounts.make("{}");
  machinery::MutableObject made = accounts.make(json), changed = accounts.make(json);
  service_account_strategy().prepare_create(made.get());
  service_account_strategy().prepare_update(changed.get(), old.get());
  core::v1::ObjectReference named;
  named.name = "s";
  for (const auto* object : {&made, &changed}) {
    const auto* account = object->as<core::v1::ServiceAccount>();
    ASSERT_EQ(account->secrets.size(), 1u);
    EXPECT_TRUE(codec::equal(account->secrets[0], named));
  }
}

}  // namespace
}  // namespace mizzen::api
