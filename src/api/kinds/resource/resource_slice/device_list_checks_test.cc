#include "api/kinds/resource/resource_slice/device_list_checks.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

Lines of_device(const std::string& device) {
  return Checked("resource.k8s.io", "v1", "resourceslices")
      .create(
          R"({"spec":{"driver":"d","allNodes":true,"pool":{"name":"p","generation":1,"resourceSliceCount":1},)"
          R"("devices":[{"name":"x",)" +
          device + "}]}}");
}

TEST(DeviceListChecks, VersionsAreSemantic) {
  const auto good = [](const std::string& version) {
    return of_device(R"("attributes":{"v":{"version":")" + version + R"("}})").empty();
  };
  for (const char* v : {"0.0.0", "1.2.3", "1.2.3-a.0.1b", "1.2.3-0a", "1.2.3--", "1.2.3+01", "1.2.3-a+b.c-d"})
    EXPECT_TRUE(good(v)) << v;
  for (const char* v : {"", "1", "1.2", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3+",
                        "v1.2.3", "1.2.3+a+b", "1.2.3-a_b", "1..3"})
    EXPECT_FALSE(good(v)) << v;
}

TEST(DeviceListChecks, ALongKeyLosesItsMiddle) {
  const std::string key = std::string(60, 'a') + std::string(60, 'b');
  EXPECT_EQ(of_device(R"("attributes":{")" + key + R"(":{}})"),
            (Lines{"spec.devices[0].attributes: Too long: may not be more than 32 bytes",
                   "spec.devices[0].attributes[" + std::string(47, 'a') + "..." + std::string(46, 'b') +
                       "]: Invalid value: \"\": exactly one value must be specified"}));
}

TEST(DeviceListChecks, AStepOfZeroIsRefused) {
  EXPECT_EQ(
      of_device(R"("allowMultipleAllocations":true,"capacity":{"m":{"value":"4","requestPolicy":)"
                R"({"default":"1","validRange":{"min":"1","step":"0"}}}})"),
      Lines{"spec.devices[0].capacity[m].requestPolicy.validRange.step: Invalid value: \"1\": value is not a "
            "multiple of a given step (0) from (1)"});
}

}  // namespace
}  // namespace mizzen::api
