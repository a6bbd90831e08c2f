#include "api/kinds/apps/deployment/deployment_strategy.h"

#include <gtest/gtest.h>

#include "api/schema/apps/v1/deployment.h"
#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

const std::string kPods =
    R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";
std::string workload(const std::string& more) { return R"({"spec":{)" + more + "," + kPods + "}}"; }
const std::string kGood = workload(R"("selector":{"matchLabels":{"a":"b"}})");

TEST(DeploymentStrategy, ChecksSelectorAndCounts) {
  const Checked deployments("apps", "v1", "deployments");
  EXPECT_EQ(deployments.create(kGood), Lines());
  EXPECT_EQ(deployments.create(workload(R"("replicas":-1)")),
            (Lines{"spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                   "spec.selector: Required value"}));
  EXPECT_EQ(
      deployments.create(workload(R"("selector":{"matchLabels":{"a":"c"}})")),
      Lines{
          R"(spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`)"});
  EXPECT_EQ(
      deployments.status(
          kGood, R"({"status":{"replicas":1,"readyReplicas":2,"availableReplicas":3,"updatedReplicas":-1}})"),
      (Lines{"status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0",
             "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
             "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
             "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas"}));
}

TEST(DeploymentStrategy, ChecksHowPodsAreReplaced) {
  const Checked deployments("apps", "v1", "deployments");
  const auto with = [](const std::string& strategy) {
    return workload(R"("selector":{"matchLabels":{"a":"b"}},"strategy":)" + strategy);
  };
  const std::string at = "spec.strategy.rollingUpdate";
  const std::string percent =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
      "regex used for validation is '[0-9]+%')";
  const std::pair<const char*, Lines> rows[] = {
      {R"({"type":"Recreate"})", {}},
      {R"({"type":"RollingUpdate","rollingUpdate":{"maxSurge":"150%","maxUnavailable":"100%"}})", {}},
      {R"({"type":"Recreate","rollingUpdate":{}})",
       {at + ": Forbidden: may not be specified when strategy `type` is 'Recreate'"}},
      {R"({"type":"Swap"})",
       {R"(spec.strategy.type: Unsupported value: "Swap": supported values: "Recreate", "RollingUpdate")"}},
      {R"({"rollingUpdate":{"maxUnavailable":"101%","maxSurge":-1}})",
       {at + R"(.maxUnavailable: Invalid value: "101%": must not be greater than 100%)",
        at + ".maxSurge: Invalid value: -1: must be greater than or equal to 0"}},
      {R"({"rollingUpdate":{"maxUnavailable":"few"}})",
       {at + R"(.maxUnavailable: Invalid value: "few": )" + percent}},
      {R"({"rollingUpdate":{"maxUnavailable":"0%","maxSurge":0}})",
       {at + R"(.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0)"}},
  };
  for (const auto& [strategy, errors] : rows)
    EXPECT_EQ(deployments.create(with(strategy)), errors) << strategy;
}

TEST(DeploymentStrategy, OnlySpecAndAnnotationsRaiseTheGeneration) {
  const Strategy& strategy = deployment_strategy();
  apps::v1::Deployment old;
  old.metadata.generation = 4;
  const auto generation_after = [&](auto change) {
    apps::v1::Deployment now = old;
    change(now);
    strategy.prepare_update(&now, &old);
    return now.metadata.generation;
  };
  EXPECT_EQ(generation_after([](auto& d) { d.metadata.labels.set("a", "b"); }), 4);
  EXPECT_EQ(generation_after([](auto& d) { d.status.replicas = 3; }), 4);
  EXPECT_EQ(generation_after([](auto& d) { d.metadata.annotations.set("a", "b"); }), 5);
  EXPECT_EQ(generation_after([](auto& d) { d.spec.replicas = 3; }), 5);
}

TEST(DeploymentStrategy, DefaultsOfItsVersions) {
  struct Version {
    const char* name;
    const char* surge;
    int deadline;
  };
  for (const Version& v : {Version{"apps/v1", "25%", 600},
                           {"apps/v1beta2", "25%", 600},
                           {"apps/v1beta1", "25%", 600},
                           {"extensions/v1beta1", "1", 2147483647}}) {
    apps::v1::Deployment d;
    d.spec.template_.metadata.labels.set("a", "b");
    deployment_strategy().set_defaults(&d, v.name);
    EXPECT_EQ(d.spec.replicas, 1) << v.name;
    EXPECT_EQ(d.spec.strategy.type, "RollingUpdate") << v.name;
    EXPECT_EQ(d.spec.strategy.rollingUpdate->maxSurge->str(), v.surge) << v.name;
    EXPECT_EQ(d.spec.progressDeadlineSeconds, v.deadline) << v.name;
  }
}

}  // namespace
}  // namespace mizzen::api
