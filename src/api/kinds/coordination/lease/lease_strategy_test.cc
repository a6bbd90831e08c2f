#include "api/kinds/coordination/lease/lease_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(LeaseStrategy, ChecksDurationsAndTheStrategyOfItsElection) {
  expect_created(
      {"coordination.k8s.io", "v1", "leases"},
      {{R"({"spec":{"leaseDurationSeconds":0,"leaseTransitions":-1,"preferredHolder":"h"}})",
        {"spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
         "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
         "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"}},
       {R"({"spec":{"strategy":"Mine"}})",
        {R"(spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion")"}}});
}

}  // namespace
}  // namespace mizzen::api
