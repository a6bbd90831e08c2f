#include "api/kinds/scheduling/priority_class/priority_class_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(PriorityClassStrategy, ChecksTheValueAndWhatMayNotChange) {
  expect_created(
      {"scheduling.k8s.io", "v1", "priorityclasses"},
      {{R"({"value":1000000000})", {}},
       {R"({"value":1000000001,"preemptionPolicy":"Maybe"})",
        {"value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
         R"(preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never")"}}});
  expect_updated({"scheduling.k8s.io", "v1", "priorityclasses"},
                 {{R"({"value":1})",
                   R"({"value":2,"preemptionPolicy":"Never"})",
                   {"value: Forbidden: may not be changed in an update.",
                    "preemptionPolicy: Invalid value: \"Never\": field is immutable"}}});
}

TEST(PriorityClassStrategy, NamesOfTheSystemAreReserved) {
  expect_created(
      {"scheduling.k8s.io", "v1", "priorityclasses"},
      {{R"({"metadata":{"name":"system-node-critical"},"value":2000001000})", {}},
       {R"({"metadata":{"name":"system-mine"},"value":1})",
        {"metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use "
         "only. error: system-mine is not a known system priority class"}}});
}

}  // namespace
}  // namespace mizzen::api
