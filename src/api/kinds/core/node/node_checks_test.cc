#include "api/kinds/core/node/node_checks.h"

#include <gtest/gtest.h>

#include "api/kinds/core/node/node_strategy.h"
#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(NodeStrategy, ChecksTaintsRangesAndWhatIsFixed) {
  const Checked nodes("", "v1", "nodes");
  expect_created(
      nodes,
      {
          {R"({"spec":{"podCIDR":"10.0.0.0/24"}})", {}},
          {R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoSchedule",)"
           R"("value":"-"},{"key":"b"},{"key":"c","effect":"X"}]}})",
           {"metadata.taints[1].value: Invalid value: \"-\": a valid label must be an empty string or "
            "consist of "
            "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
            "(e.g. "
            "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            R"(metadata.taints[1]: Duplicate value: {"Key":"a","Value":"-","Effect":"NoSchedule",)"
            R"("TimeAdded":null}: taints must be unique by key and effect pair)",
            "metadata.taints[2].effect: Required value",
            R"(metadata.taints[3].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute")"}},
          {R"({"spec":{"podCIDRs":["10.0.0.0/24","10.1.0.0/24"],"podCIDR":"10.0.0.0/24"},)"
           R"("status":{"capacity":{"pods":"1500m","cpu":"-1"}}})",
           {"status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
            "status.capacity.pods: Invalid value: \"1500m\": must be an integer",
            "status.allocatable.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
            "status.allocatable.pods: Invalid value: \"1500m\": must be an integer",
            R"(spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for each IP family)"}},
      });
  expect_updated(
      nodes,
      {
          {R"({"spec":{}})",
           R"({"spec":{"podCIDR":"10.0.0.0/24","providerID":"p","unschedulable":true}})",
           {}},
          {R"({"spec":{"podCIDR":"10.0.0.0/24","providerID":"p"}})",
           R"({"spec":{"podCIDR":"10.0.1.0/24","providerID":"q"}})",
           {"spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
            "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid"}},
      });
  EXPECT_EQ(
      nodes.status(
          "{}",
          R"({"status":{"addresses":[{"type":"InternalIP","address":"a"},{"type":"InternalIP","address":"a"}]}})"),
      Lines{R"(status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"a"})"});
}

TEST(NodeStrategy, ConfigurationThatNoKubeletReadsGoesAndTheFirstRangeIsTheRange) {
  const Checked nodes("", "v1", "nodes");
  const std::string source =
      R"({"spec":{"configSource":{"configMap":{"name":"c"}},"podCIDRs":["10.0.0.0/24"]}})";
  machinery::MutableObject made = nodes.make(source);
  EXPECT_EQ(made.as<core::v1::Node>()->spec.podCIDR, "10.0.0.0/24");
  node_strategy().prepare_create(made.get());
  EXPECT_FALSE(made.as<core::v1::Node>()->spec.configSource);
  const machinery::MutableObject bare = nodes.make("{}"), with = nodes.make(source);
  machinery::MutableObject changed = nodes.make(source), kept = nodes.make(source);
  node_strategy().prepare_update(changed.get(), bare.get());
  EXPECT_FALSE(changed.as<core::v1::Node>()->spec.configSource);
  node_strategy().prepare_update(kept.get(), with.get());
  EXPECT_TRUE(kept.as<core::v1::Node>()->spec.configSource);
}

}  // namespace
}  // namespace mizzen::api
