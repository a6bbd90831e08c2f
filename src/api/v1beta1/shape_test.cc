#include "api/v1beta1/shape.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/v1beta1/convert.h"
#include "api/v1beta1/testing/round_trip.h"
#include "codec/json/json_codec.h"

namespace mizzen::api::v1beta1 {
namespace {

using codec::Value;

TEST(V1Beta1, WhatV1CannotSayIsAnErrorWithItsPath) {
  const auto pod = [](std::string_view desired) {
    return error_of(
        fmt::format(R"({{"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "desiredState": {}}})", desired));
  };
  const std::string invalid = R"(Pod "p" is invalid: desiredState.)";
  EXPECT_EQ(
      pod(R"({"manifest": {"version": "v1beta1", "containers": [{"name": "c", "volumeMounts": [
                {"name": "v", "mountType": "HOST"}]}]}})"),
      invalid +
          "manifest.containers[0].volumeMounts[0].mountType: Forbidden: v1 has no mounts of the host but "
          "hostPath volumes");
  EXPECT_EQ(pod(R"({"podIP": "1.2.3.4"})"), invalid + "podIP: Forbidden: v1 has nothing that says this");
  EXPECT_EQ(pod(R"({"status": "Terminated"})"),
            invalid + "status: Forbidden: v1 has no wanted state but running");
  EXPECT_EQ(pod(R"({"status": "Running"})"), "");
  EXPECT_EQ(pod(R"({"manifest": {"version": "v7"}})"),
            invalid + R"(manifest.version: Unsupported value: "v7": supported values: "v1beta1", "v1beta2")");
  EXPECT_EQ(
      pod(R"({"manifest": {"restartPolicy": {"always": {}, "never": {}}}})"),
      invalid +
          R"(manifest.restartPolicy: Invalid value: {"always":{},"never":{}}: may say one policy only)");
  EXPECT_EQ(pod(R"({"manifest": {"containers": [{"cpu": 100, "resources": {"requests": {"cpu": 1}}}]}})"),
            invalid + "manifest.containers[0].cpu: Invalid value: 100: is said twice, and differently");
  EXPECT_EQ(pod(R"({"manifest": {"containers": {"name": "x"}}})"),
            invalid + R"(manifest.containers: Invalid value: {"name":"x"}: must be a list)");
  EXPECT_EQ(error_of(R"({"kind": "Event", "apiVersion": "v1beta1", "id": "e", "status": "Running"})"),
            R"(Event "e" is invalid: status: Forbidden: v1 has nothing that says this)");
  EXPECT_EQ(error_of(R"({"kind": "Deployment", "apiVersion": "v1beta1"})"),
            R"(no kind "Deployment" is registered for version v1beta1)");
}

TEST(V1Beta1, FieldsThatItNeverHadAreTold) {
  const auto now = to_v1(value(R"({"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "spec": {},
    "desiredState": {"manifest": {"containers": [{"name": "c", "stdin": true}]}}})"));
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->unknown, (std::vector<std::string>{"desiredState.manifest.containers[0].stdin", "spec"}));
}

}  // namespace
}  // namespace mizzen::api::v1beta1
