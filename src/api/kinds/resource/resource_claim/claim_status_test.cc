#include "api/kinds/resource/resource_claim/claim_status.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

constexpr const char* kDeleted =
    R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"devices":{"requests":[)"
    R"({"name":"a","exactly":{"deviceClassName":"c"}}]}},"status":{"allocation":{"devices":{"results":[)"
    R"({"request":"a","driver":"d","pool":"p","device":"x"}]}},"reservedFor":[%s]}})";

std::string deleted(const std::string& consumers) {
  std::string out = kDeleted;
  return out.replace(out.find("%s"), 2, consumers);
}

TEST(ClaimStatus, AClaimThatGoesIsReservedForNobodyElse) {
  const Checked claims("resource.k8s.io", "v1", "resourceclaims");
  const std::string p = R"({"resource":"pods","name":"p","uid":"u"})",
                    q = R"({"resource":"pods","name":"q","uid":"v"})";
  EXPECT_EQ(
      claims.status(deleted(p), deleted(p + "," + q)),
      Lines{"status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or "
            "`deletionTimestamp` are set"});
  EXPECT_EQ(claims.status(deleted(p + "," + q), deleted(q)), Lines());
  EXPECT_EQ(claims.row(deleted(p))[1], R"("deleted,allocated,reserved")");
  EXPECT_EQ(claims.row(R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})")[1], R"("deleted")");
}

TEST(ClaimStatus, AddressesAreCanonical) {
  const Checked claims("resource.k8s.io", "v1", "resourceclaims");
  const auto address = [&](const std::string& ip) {
    const std::string status =
        R"({"status":{"allocation":{"devices":{"results":[{"request":"a","driver":"d","pool":"p","device":"x"}]}},)"
        R"("devices":[{"driver":"d","pool":"p","device":"x","networkData":{"ips":[")" +
        ip + R"("]}}]}})";
    const Lines errors = claims.status(
        R"({"spec":{"devices":{"requests":[{"name":"a","exactly":{"deviceClassName":"c"}}]}}})", status);
    return errors.empty() ? "" : errors[0].substr(errors[0].find("must"));
  };
  const std::string form = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";
  EXPECT_EQ(address("10.0.0.1/32"), "");
  EXPECT_EQ(address("10.0.0.1/33"), form);
  EXPECT_EQ(address("10.0.0.1/"), form);
  EXPECT_EQ(address("10.0.0/8"), form);
  EXPECT_EQ(address("::1/129"), form);
  EXPECT_EQ(address("010.0.0.1/8"), R"(must be in canonical form ("10.0.0.1/8"))");
  EXPECT_EQ(address("::ffff:10.0.0.1/120"), R"(must be in canonical form ("10.0.0.1/24"))");
}

}  // namespace
}  // namespace mizzen::api
