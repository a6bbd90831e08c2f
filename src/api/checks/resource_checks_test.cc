#include "api/checks/resource_checks.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using Lines = std::vector<std::string>;

Lines lines(const machinery::FieldErrors& errors) {
  Lines out;
  for (const Cause& c : errors.causes()) out.push_back(c.field + ": " + c.message);
  return out;
}

Lines container(const char* json, const std::set<std::string>& claims = {}) {
  const auto r = codec::from_json<core::v1::ResourceRequirements>(json);
  EXPECT_TRUE(r.ok()) << json;
  machinery::FieldErrors errors;
  check_resources(*r, claims, machinery::Path("r"), errors);
  return lines(errors);
}

Lines pod(const char* json) {
  const auto spec = codec::from_json<core::v1::PodSpec>(json);
  EXPECT_TRUE(spec.ok()) << json;
  machinery::FieldErrors errors;
  check_pod_resources(*spec, {}, machinery::Path("spec"), errors);
  return lines(errors);
}

TEST(ResourceChecks, AmountsOfAContainer) {
  const std::pair<const char*, Lines> rows[] = {
      {R"({"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}})", {}},
      {R"({"requests":{"cpu":"2"},"limits":{"cpu":"1"}})",
       {R"(r.requests: Invalid value: "2": must be less than or equal to cpu limit of 1)"}},
      {R"({"limits":{"cpu":"-1"}})",
       {R"(r.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0)"}},
      {R"({"limits":{"pods":"1"}})",
       {R"(r.limits[pods]: Invalid value: "pods": must be a standard resource for containers)"}},
      {R"({"limits":{"magic":"1"}})",
       {R"(r.limits[magic]: Invalid value: "magic": must be a standard resource type or fully qualified)",
        R"(r.limits[magic]: Invalid value: "magic": must be a standard resource for containers)"}},
  };
  for (const auto& [json, errors] : rows) EXPECT_EQ(container(json), errors) << json;
}

TEST(ResourceChecks, ExtendedResourcesAreNeitherSharedNorDivided) {
  const std::pair<const char*, Lines> rows[] = {
      {R"({"limits":{"a.com/gpu":"2"},"requests":{"a.com/gpu":"2"}})", {}},
      {R"({"limits":{"a.com/gpu":"2"},"requests":{"a.com/gpu":"1"}})",
       {R"(r.requests: Invalid value: "1": must be equal to a.com/gpu limit of 2)"}},
      {R"({"requests":{"a.com/gpu":"1"}})",
       {"r.limits: Required value: Limit must be set for non overcommitable resources"}},
      {R"({"limits":{"a.com/gpu":"500m"}})",
       {R"(r.limits[a.com/gpu]: Invalid value: "500m": must be an integer)"}},
  };
  for (const auto& [json, errors] : rows) EXPECT_EQ(container(json), errors) << json;
}

TEST(ResourceChecks, HugePagesComeInWholePagesBesideMemory) {
  const std::pair<const char*, Lines> rows[] = {
      {R"({"limits":{"hugepages-2Mi":"4Mi","memory":"1Gi"}})", {}},
      {R"({"limits":{"hugepages-2Mi":"4Mi"}})", {"r: Forbidden: HugePages require cpu or memory"}},
      {R"({"limits":{"hugepages-2Mi":"3Mi","cpu":"1"}})",
       {R"(r.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi)"}},
  };
  for (const auto& [json, errors] : rows) EXPECT_EQ(container(json), errors) << json;
}

TEST(ResourceChecks, ClaimsAreThosePodHas) {
  EXPECT_EQ(container(R"({"claims":[{"name":"a"},{"name":"b","request":"r"}]})", {"a", "b"}), Lines());
  EXPECT_EQ(
      container(R"({"claims":[{"name":"a"},{"name":"a"},{"name":""},{"name":"c"}]})", {"a", "b"}),
      (Lines{R"(r.claims[1]: Duplicate value: "a")", "r.claims[2].name: Required value",
             R"(r.claims[3]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b)"}));
  EXPECT_EQ(
      container(R"({"claims":[{"name":"a"}]})"),
      Lines{
          R"(r.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty)"});
}

TEST(ResourceChecks, AWholePodCoversItsContainers) {
  const std::pair<const char*, Lines> rows[] = {
      {R"({"containers":[{"name":"a"}]})", {}},
      {R"({"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"2"}},"containers":[
        {"name":"a","resources":{"requests":{"cpu":"1"}}},{"name":"b","resources":{"requests":{"cpu":"1"}}}]})",
       {}},
      {R"({"resources":{"requests":{"cpu":"1500m"}},"containers":[
        {"name":"a","resources":{"requests":{"cpu":"1"}}},{"name":"b","resources":{"requests":{"cpu":"1"}}}]})",
       {R"(spec.resources.requests[cpu]: Invalid value: "1500m": must be greater than or equal to aggregate container requests of 2)"}},
      {R"({"resources":{"limits":{"cpu":"1"}},"containers":[{"name":"a","resources":{"limits":{"cpu":"2"}}}]})",
       {R"(spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1)"}},
      {R"({"resources":{"limits":{"ephemeral-storage":"1"}},"os":{"name":"windows"}})",
       {"spec.resources: Forbidden: may not be set for a windows pod",
        R"(spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": )"
        R"(supported values: "cpu", "hugepages-", "memory")"}},
  };
  for (const auto& [json, errors] : rows) EXPECT_EQ(pod(json), errors) << json;
}

}  // namespace
}  // namespace mizzen::api
