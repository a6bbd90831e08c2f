#include "api/kinds/discovery/endpoint_slice/endpoint_slice_checks.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(EndpointSliceStrategy, ChecksAddressesPortsAndHints) {
  const Checked slices("discovery.k8s.io", "v1", "endpointslices");
  expect_created(
      slices,
      {{R"({"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}]})", {}},
       {R"({"addressType":"IPv6","endpoints":[{"addresses":["2001:DB8::1"]}]})",
        {R"(endpoints[0].addresses[0]: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1"))"}},
       {R"({"addressType":"IPv4","endpoints":[{"addresses":["2001:db8::1"]}]})",
        {R"(endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address)"}},
       {R"({"addressType":"FQDN","endpoints":[{"addresses":["host"]}]})",
        {R"(endpoints[0].addresses[0]: Invalid value: "host": should be a domain with at least two segments separated by dots)"}},
       {R"({"addressType":"Smoke","ports":[{"name":"a"},{"name":"a","protocol":"X"}],"endpoints":[{"addresses":[]}]})",
        {R"(addressType: Unsupported value: "Smoke": supported values: "FQDN", "IPv4", "IPv6")",
         "ports[1].name: Duplicate value: \"a\"",
         R"(ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP")",
         "endpoints[0].addresses: Required value: must contain at least 1 address"}},
       {R"({"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"hints":{"forZones":[{"name":"z"},{"name":"z"}]}}]})",
        {"endpoints[0].hints.forZones[1].name: Duplicate value: \"z\""}}});
  expect_updated(slices, {{R"({"addressType":"IPv4","endpoints":[{"addresses":["127.0.0.1"]}]})",
                           R"({"addressType":"IPv4","endpoints":[{"addresses":["127.0.0.1"]}]})",
                           {}},
                          {R"({"addressType":"IPv4"})",
                           R"({"addressType":"IPv6"})",
                           {R"(addressType: Invalid value: "IPv6": field is immutable)"}}});
}

}  // namespace
}  // namespace mizzen::api
