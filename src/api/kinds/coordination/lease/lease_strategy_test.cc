#include "api/kinds/coordination/lease/lease_strategy.h"

#include <gtest/gtest.h>

#include "api/schema/coordination/v1/lease.h"
#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(LeaseStrategy, ChecksDurationsAndTheStrategyOfItsElection) {
  const Checked leases("coordination.k8s.io", "v1", "leases");
  expect_created(leases,
                 {{R"({"spec":{"leaseDurationSeconds":0,"leaseTransitions":-1}})",
                   {"spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
                    "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"}}});
  // As an object has them that was made while such elections were on.
  const char* const kOld = R"({"spec":{"strategy":"OldestEmulationVersion","preferredHolder":"h"}})";
  expect_updated(
      leases,
      {{kOld,
        R"({"spec":{"preferredHolder":"h"}})",
        {"spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"}},
       {kOld,
        R"({"spec":{"strategy":"Mine"}})",
        {R"(spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion")"}}});
}

TEST(LeaseStrategy, ElectionsThatTheControlPlaneDecidesAreOff) {
  const Checked leases("coordination.k8s.io", "v1", "leases");
  machinery::MutableObject made = leases.make(R"({"spec":{"strategy":"Mine","preferredHolder":"h"}})");
  lease_strategy().prepare_create(made.get());
  EXPECT_FALSE(made.as<coordination::v1::Lease>()->spec.strategy);
  EXPECT_FALSE(made.as<coordination::v1::Lease>()->spec.preferredHolder);
  const machinery::MutableObject old = leases.make("{}");
  machinery::MutableObject changed = leases.make(R"({"spec":{"strategy":"Mine","preferredHolder":""}})");
  lease_strategy().prepare_update(changed.get(), old.get());
  EXPECT_FALSE(changed.as<coordination::v1::Lease>()->spec.strategy);
  EXPECT_FALSE(changed.as<coordination::v1::Lease>()->spec.preferredHolder);
}

}  // namespace
}  // namespace mizzen::api
