#include "api/kinds/apps/replica_set/replica_set_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

const std::string kPods =
    R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";
std::string workload(const std::string& more) { return R"({"spec":{)" + more + "," + kPods + "}}"; }
const std::string kGood = workload(R"("selector":{"matchLabels":{"a":"b"}})");

TEST(ReplicaSetStrategy, ChecksSelectorAndCounts) {
  const Checked sets("apps", "v1", "replicasets");
  EXPECT_EQ(sets.create(workload(R"("selector":{})")),
            Lines{"spec.selector: Invalid value: {}: empty selector is invalid for deployment"});
  EXPECT_EQ(
      sets.create(workload(R"("selector":{"matchExpressions":[{"key":"a","operator":"Like"}]})")),
      (Lines{
          "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector "
          "operator",
          R"(spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Like"}]}: invalid label selector)"}));
  EXPECT_EQ(sets.status(kGood, R"({"status":{"replicas":1,"fullyLabeledReplicas":2}})"),
            Lines{"status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas"});
}

}  // namespace
}  // namespace mizzen::api
