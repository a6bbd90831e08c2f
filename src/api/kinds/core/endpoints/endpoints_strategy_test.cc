#include "api/kinds/core/endpoints/endpoints_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(EndpointsStrategy, ChecksSubsets) {
  expect_created(
      {"", "v1", "endpoints"},
      {{R"({"subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]})", {}},
       {R"({"subsets":[{"ports":[{"port":80}]}]})",
        {"subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"}},
       {R"({"subsets":[{"addresses":[{"ip":"0.0.0.0"}],"notReadyAddresses":[{"ip":"x","hostname":"A.b"}],)"
        R"("ports":[{"port":0},{"name":"b","port":1,"protocol":"X"}]}]})",
        {"subsets[0].addresses[0].ip: Invalid value: \"0.0.0.0\": may not be unspecified (0.0.0.0)",
         "subsets[0].notReadyAddresses[0].ip: Invalid value: \"x\": must be a valid IP address, (e.g. "
         "10.9.8.7 or "
         "2001:db8::ffff)",
         "subsets[0].notReadyAddresses[0].hostname: Invalid value: \"A.b\": a lowercase RFC 1123 label must "
         "consist of "
         "lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
         "(e.g. "
         "'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
         "subsets[0].notReadyAddresses[0].ip: Invalid value: \"x\": must be a valid IP address",
         "subsets[0].ports[0].name: Required value",
         "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
         R"(subsets[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP")"}}});
}

}  // namespace
}  // namespace mizzen::api
