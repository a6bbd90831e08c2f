#include "api/kinds/core/pod/disabled_fields.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

core::v1::PodSpec spec_of(const char* json) {
  auto out = codec::from_json<core::v1::PodSpec>(json);
  EXPECT_TRUE(out.ok()) << out.error().message();
  return std::move(*out);
}

constexpr const char* kAll = R"({
    "schedulingGroup":{"podGroupName":"g"},
    "initContainers":[{"name":"i","lifecycle":{"stopSignal":"SIGUSR1"}}],
    "containers":[{"name":"a","lifecycle":{"stopSignal":"SIGINT","preStop":{"sleep":{"seconds":1}}}}],
    "volumes":[{"name":"v","projected":{"sources":[{"clusterTrustBundle":{"path":"ca"}},{"podCertificate":{"keyType":"ED25519"}},
      {"configMap":{"name":"m"}}]}}]})";

TEST(DisabledFields, OfEphemeralContainersToo) {
  auto spec = spec_of(R"({"ephemeralContainers":[{"name":"e","lifecycle":{"stopSignal":"SIGUSR1"}}]})");
  drop_disabled_fields(spec, nullptr);
  EXPECT_FALSE(spec.ephemeralContainers.at(0).ephemeralContainerCommon.lifecycle);
}

TEST(DisabledFields, AreEmptiedUnlessTheyWereInUse) {
  auto spec = spec_of(kAll);
  drop_disabled_fields(spec, nullptr);
  EXPECT_EQ(codec::to_json(spec), codec::to_json(spec_of(R"({
      "initContainers":[{"name":"i"}],
      "containers":[{"name":"a","lifecycle":{"preStop":{"sleep":{"seconds":1}}}}],
      "volumes":[{"name":"v","projected":{"sources":[{},{},{"configMap":{"name":"m"}}]}}]})")));
  const auto old = spec_of(kAll);
  spec = spec_of(kAll);
  drop_disabled_fields(spec, &old);
  EXPECT_EQ(codec::to_json(spec), codec::to_json(old));
}

}  // namespace
}  // namespace mizzen::api
