#include "api/kinds/resource/claim_spec.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

TEST(ClaimSpec, OneDeviceIsAskedForUnlessItSaysOtherwise) {
  auto spec = *codec::from_json<resource::v1::ResourceClaimSpec>(
      R"({"devices":{"requests":[{"name":"a","exactly":{"tolerations":[{"key":"k"}]}},)"
      R"({"name":"b","exactly":{"allocationMode":"All"}},{"name":"c","firstAvailable":[{"name":"s"}]}]}})");
  set_claim_defaults(spec);
  const auto& requests = spec.devices.requests;
  EXPECT_EQ(requests[0].exactly->allocationMode, "ExactCount");
  EXPECT_EQ(requests[0].exactly->count, 1);
  EXPECT_EQ(requests[0].exactly->tolerations[0].operator_, "Equal");
  EXPECT_EQ(requests[1].exactly->count, 0);
  EXPECT_EQ(requests[2].firstAvailable[0].count, 1);
}

TEST(ClaimSpec, AlternativesAreNamedAfterTheirRequest) {
  const auto claim = *codec::from_json<resource::v1::DeviceClaim>(
      R"({"requests":[{"name":"a","exactly":{}},{"name":"b","firstAvailable":[{"name":"s"}]}]})");
  const RequestNames names(claim);
  const auto known = [&](const char* name) {
    machinery::FieldErrors errors;
    names.check_reference(name, machinery::Path("x"), errors);
    return errors.empty();
  };
  EXPECT_TRUE(known("a"));
  EXPECT_TRUE(known("b"));
  EXPECT_TRUE(known("b/s"));
  EXPECT_FALSE(known("a/s"));
  EXPECT_FALSE(known("b/t"));
  EXPECT_FALSE(known("b/s/s"));
  EXPECT_FALSE(known("s"));
}

}  // namespace
}  // namespace mizzen::api
