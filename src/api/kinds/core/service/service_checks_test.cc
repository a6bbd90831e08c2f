#include "api/kinds/core/service/service_checks.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ServiceStrategy, ChecksNewServices) {
  expect_created(
      {"", "v1", "services"},
      {
          {R"({"spec":{"ports":[{"port":80}]}})", {}},
          {R"({"metadata":{"name":"1a"},"spec":{"ports":[{"port":80}]}})", {}},
          {R"({"spec":{"clusterIP":"None"}})", {}},
          {R"({"spec":{"type":"ExternalName","externalName":"a.b."}})", {}},
          {R"({"spec":{}})", {"spec.ports: Required value"}},
          {R"({"spec":{"type":"NodePort","clusterIP":"None","ports":[{"port":80}]}})",
           {"spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"}},
          {R"({"spec":{"type":"ExternalName","clusterIP":"10.0.0.1","ipFamilies":["IPv4"]}})",
           {"spec.clusterIPs: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
            "spec.externalName: Required value"}},
          {R"({"spec":{"type":"Magic","ports":[{"port":80}]}})",
           {R"(spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort")"}},
          {R"({"spec":{"ports":[{"port":80},{"port":0,"name":"A","protocol":"X","targetPort":""}]}})",
           {"spec.ports[0].name: Required value",
            "spec.ports[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case "
            "alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. "
            "'my-name',  or "
            "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            "spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            R"(spec.ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP")",
            "spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive"}},
          {R"({"spec":{"ports":[{"port":80,"name":"a","nodePort":30000},{"port":80,"name":"b"}]}})",
           {"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
            R"(spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0})"}},
          {R"({"spec":{"clusterIP":"010.0.0.1","ports":[{"port":80}]}})",
           {"spec.clusterIPs[0]: Invalid value: \"010.0.0.1\": must not have leading 0s"}},
          {R"({"spec":{"clusterIPs":["10.0.0.1"],"ports":[{"port":80}]}})",
           {R"(spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified)"}},
          {R"({"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1","10.0.0.2","10.0.0.3"],"ports":[{"port":80}]}})",
           {R"(spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2","10.0.0.3"]: may only hold up to 2 values)",
            R"(spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2","10.0.0.3"]: may specify no more than one IP for each IP family)"}},
          {R"({"spec":{"clusterIP":"10.0.0.1","ipFamilies":["IPv6","IPv9"],"ports":[{"port":80}]}})",
           {R"(spec.ipFamilies[1]: Unsupported value: "IPv9": supported values: "IPv4", "IPv6")",
            "spec.clusterIPs[0]: Invalid value: \"10.0.0.1\": expected an IPv6 value as indicated by "
            "`ipFamilies[0]`"}},
          {R"({"spec":{"externalIPs":["127.0.0.1","x"],"ports":[{"port":80}]}})",
           {"spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range "
            "(127.0.0.0/8, ::1/128)",
            "spec.externalIPs[1]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
            "2001:db8::ffff)"}},
          {R"({"spec":{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}},"ports":[{"port":80}]}})",
           {"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than "
            "0 and less "
            "than 86400"}},
          {R"({"spec":{"loadBalancerSourceRanges":["10.0.0.1/8"],"loadBalancerClass":"a/b","ports":[{"port":80}]}})",
           {"spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
            "spec.LoadBalancerSourceRanges[0]: Invalid value: \"10.0.0.1/8\": must not have bits set beyond "
            "the prefix "
            "length",
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"}},
          {R"({"spec":{"externalTrafficPolicy":"Local","internalTrafficPolicy":"Some","trafficDistribution":"x","ports":[{"port":80}]}})",
           {"spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible "
            "services",
            R"(spec.internalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local")",
            R"(spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode")"}},
      });
}

TEST(ServiceStrategy, ChecksChanges) {
  const Checked services("", "v1", "services");
  expect_updated(
      services,
      {
          {R"({"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":80}]}})",
           R"({"spec":{"ports":[{"port":81}]}})",
           {}},
          {R"({"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":80}]}})",
           R"({"spec":{"clusterIP":"10.0.0.2","ports":[{"port":80}]}})",
           {R"(spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set)"}},
          {R"({"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":80}]}})",
           R"({"spec":{"type":"ExternalName","externalName":"a.b","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"]}})",
           {}},
          {R"({"spec":{"type":"NodePort","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":80,"nodePort":30000}]}})",
           R"({"spec":{"type":"ClusterIP","externalTrafficPolicy":"Cluster","ports":[{"port":80,"nodePort":30000}]}})",
           {}},
      });
  EXPECT_EQ(
      services.status(R"({"spec":{"ports":[{"port":80}]}})",
                      R"({"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}})"),
      Lines{"status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"});
  EXPECT_EQ(
      services.status(
          R"({"spec":{"type":"LoadBalancer","ports":[{"port":80}]}})",
          R"({"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"},{"hostname":"1.2.3.4","ipMode":"VIP"}]}}})"),
      (Lines{"status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set",
             "status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set",
             "status.loadBalancer.ingress[1].hostname: Invalid value: \"1.2.3.4\": must be a DNS name, not "
             "an IP "
             "address"}));
}

}  // namespace
}  // namespace mizzen::api
