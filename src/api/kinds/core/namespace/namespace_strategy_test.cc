#include "api/kinds/core/namespace/namespace_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(NamespaceStrategy, ChecksFinalizersAndPhases) {
  const Checked namespaces("", "v1", "namespaces");
  expect_created(
      namespaces,
      {{R"({"spec":{"finalizers":["example.com/x"]}})", {}},
       {R"({"spec":{"finalizers":["odd"]}})",
        {"spec.finalizers: Invalid value: \"odd\": name is neither a standard finalizer name nor is it fully "
         "qualified"}},
       {R"({"metadata":{"finalizers":["odd"]}})",
        {"metadata.finalizers[0]: Invalid value: \"odd\": name is neither a standard finalizer name nor is "
         "it "
         "fully qualified"}}});
  EXPECT_EQ(namespaces.status("{}", R"({"status":{"phase":"Terminating"}})"),
            Lines{"status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` "
                  "is empty"});
}

}  // namespace
}  // namespace mizzen::api
