// What is wrong with objects of the smaller kinds, new and changed, in upstream's words.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/checks/object_meta_checks.h"
#include "api/registry/registry.h"
#include "codec/json/json_codec.h"
#include "machinery/object/object.h"

namespace mizzen::api {
namespace {

using machinery::MutableObject;
using Lines = std::vector<std::string>;

/// Checks objects of one resource as the API server does: defaults, preparation, rules.
class Checked {
 public:
  Checked(const char* group, const char* version, const char* plural)
      : resource_(*builtin().find(group, version, plural)), version_(resource_.api_version()) {}

  MutableObject make(const std::string& json) const {
    MutableObject out(resource_.message());
    const auto r = codec::decode_json(json, resource_.message(), out.get());
    EXPECT_TRUE(r.ok()) << r.error().message() << json;
    if (out.meta().name.empty()) out.meta().name = "x";
    if (resource_.namespaced && out.meta().namespace_.empty()) out.meta().namespace_ = "ns";
    resource_.strategy->set_defaults(out.get(), version_);
    return out;
  }
  Lines create(const std::string& json, std::string_view api_version = "") const {
    MutableObject object = make(json);
    resource_.strategy->prepare_create(object.get());
    machinery::FieldErrors errors;
    check_object_meta(object.meta(), resource_, errors);
    resource_.strategy->validate_create(object.get(), errors);
    resource_.strategy->validate_version(object.get(), nullptr, api_version.empty() ? version_ : api_version,
                                         errors);
    return lines(errors);
  }
  Lines update(const std::string& from, const std::string& to, std::string_view api_version = "") const {
    const MutableObject old = make(from);
    MutableObject now = make(to);
    resource_.strategy->prepare_update(now.get(), old.get());
    machinery::FieldErrors errors;
    resource_.strategy->validate_update(now.get(), old.get(), errors);
    resource_.strategy->validate_version(now.get(), old.get(), api_version.empty() ? version_ : api_version,
                                         errors);
    return lines(errors);
  }
  Lines status(const std::string& from, const std::string& to) const {
    const MutableObject old = make(from);
    MutableObject now = make(to);
    resource_.strategy->prepare_status_update(now.get(), old.get());
    machinery::FieldErrors errors;
    resource_.strategy->validate_status_update(now.get(), old.get(), errors);
    return lines(errors);
  }

 private:
  static Lines lines(const machinery::FieldErrors& errors) {
    Lines out;
    for (const Cause& c : errors.causes()) out.push_back(c.field + ": " + c.message);
    return out;
  }
  const ResourceInfo& resource_;
  const std::string version_;
};

struct One {
  const char* json;
  Lines errors;
};
struct Two {
  const char* from;
  const char* to;
  Lines errors;
};

void expect_created(const Checked& kind, const std::vector<One>& table) {
  for (const One& c : table) EXPECT_EQ(kind.create(c.json), c.errors) << c.json;
}
void expect_updated(const Checked& kind, const std::vector<Two>& table) {
  for (const Two& c : table) EXPECT_EQ(kind.update(c.from, c.to), c.errors) << c.from << " -> " << c.to;
}

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

TEST(NodeStrategy, ChecksTaintsRangesAndWhatIsFixed) {
  const Checked nodes("", "v1", "nodes");
  expect_created(
      nodes,
      {
          {R"({"spec":{"podCIDR":"10.0.0.0/24"}})", {}},
          {R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoSchedule",)"
           R"("value":"-"},{"key":"b"},{"key":"c","effect":"X"}]}})",
           {"metadata.taints[1].value: Invalid value: \"-\": a valid label must be an empty string or "
            "consist of "
            "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
            "(e.g. "
            "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            R"(metadata.taints[1]: Duplicate value: {"Key":"a","Value":"-","Effect":"NoSchedule",)"
            R"("TimeAdded":null}: taints must be unique by key and effect pair)",
            "metadata.taints[2].effect: Required value",
            R"(metadata.taints[3].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute")"}},
          {R"({"spec":{"podCIDRs":["10.0.0.0/24","10.1.0.0/24"],"podCIDR":"10.0.0.0/24"},)"
           R"("status":{"capacity":{"pods":"1500m","cpu":"-1"}}})",
           {"status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
            "status.capacity.pods: Invalid value: \"1500m\": must be an integer",
            "status.allocatable.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
            "status.allocatable.pods: Invalid value: \"1500m\": must be an integer",
            R"(spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for each IP family)"}},
      });
  expect_updated(
      nodes,
      {
          {R"({"spec":{}})",
           R"({"spec":{"podCIDR":"10.0.0.0/24","providerID":"p","unschedulable":true}})",
           {}},
          {R"({"spec":{"podCIDR":"10.0.0.0/24","providerID":"p"}})",
           R"({"spec":{"podCIDR":"10.0.1.0/24","providerID":"q"}})",
           {"spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
            "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid"}},
      });
  EXPECT_EQ(
      nodes.status(
          "{}",
          R"({"status":{"addresses":[{"type":"InternalIP","address":"a"},{"type":"InternalIP","address":"a"}]}})"),
      Lines{R"(status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"a"})"});
}

TEST(ConfigStrategies, CheckKeysSizesAndWhatIsFixed) {
  const Checked maps("", "v1", "configmaps"), secrets("", "v1", "secrets");
  const std::string key =
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
      " or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  expect_created(maps, {{R"({"data":{"a b":"x"}})", {"data[a b]: Invalid value: \"a b\": " + key}},
                        {R"({"data":{"..":"x"},"binaryData":{"..":"eA=="}})",
                         {"data[..]: Invalid value: \"..\": must not be '..'",
                          "binaryData[..]: Invalid value: \"..\": must not be '..'",
                          "data[..]: Invalid value: \"..\": duplicate of key present in binaryData"}}});
  EXPECT_EQ(maps.create(R"({"data":{"a":")" + std::string(1048577, 'x') + R"("}})"),
            Lines{"[]: Too long: may not be more than 1048576 bytes"});
  EXPECT_EQ(maps.create(R"({"data":{"a":")" + std::string(1048576, 'x') + R"("}})"), Lines());
  expect_updated(maps, {{R"({"immutable":true,"data":{"a":"b"}})",
                         R"({"data":{"a":"c"}})",
                         {"immutable: Forbidden: field is immutable when `immutable` is set",
                          "data: Forbidden: field is immutable when `immutable` is set"}},
                        {R"({"data":{"a":"b"}})", R"({"immutable":true,"data":{"a":"c"}})", {}}});
  expect_created(
      secrets,
      {{R"({"type":"kubernetes.io/tls"})",
        {"data[tls.crt]: Required value", "data[tls.key]: Required value"}},
       {R"({"type":"kubernetes.io/basic-auth"})",
        {"data[username]: Required value", "data[password]: Required value"}},
       {R"({"type":"kubernetes.io/ssh-auth","stringData":{"ssh-privatekey":""}})",
        {"data[ssh-privatekey]: Required value"}},
       {R"({"type":"kubernetes.io/dockerconfigjson"})", {"data[.dockerconfigjson]: Required value"}},
       {R"({"type":"kubernetes.io/dockercfg","stringData":{".dockercfg":"[]"}})",
        {R"(data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array )"
         R"(into Go value of type map[string]interface {})"}},
       {R"({"type":"kubernetes.io/service-account-token"})",
        {"metadata.annotations[kubernetes.io/service-account.name]: Required value"}}});
  expect_updated(
      secrets, {{R"({"type":"a"})", R"({"type":"b"})", {"type: Invalid value: \"b\": field is immutable"}}});
}

TEST(NamespaceStrategy, ChecksFinalizersAndPhases) {
  const Checked namespaces("", "v1", "namespaces");
  expect_created(
      namespaces,
      {{R"({"spec":{"finalizers":["example.com/x"]}})", {}},
       {R"({"spec":{"finalizers":["odd"]}})",
        {"spec.finalizers: Invalid value: \"odd\": name is neither a standard finalizer name nor is it fully "
         "qualified"}},
       {R"({"metadata":{"finalizers":["odd"]}})",
        {"metadata.finalizers[0]: Invalid value: \"odd\": name is neither a standard finalizer name nor is "
         "it "
         "fully qualified"}}});
  EXPECT_EQ(namespaces.status("{}", R"({"status":{"phase":"Terminating"}})"),
            Lines{"status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` "
                  "is empty"});
}

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

TEST(EventStrategy, AsksMoreOfTheNewerApi) {
  const Checked events("", "v1", "events");
  const std::string old = R"({"involvedObject":{"namespace":"ns"},"reason":"R"})";
  EXPECT_EQ(events.create(old), Lines());
  EXPECT_EQ(events.create(R"({"involvedObject":{"namespace":"other"}})"),
            Lines{"involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"});
  EXPECT_EQ(events.create(R"({"involvedObject":{}})"),
            Lines{"involvedObject.namespace: Invalid value: \"\": does not match event.namespace"});
  EXPECT_EQ(events.create(R"({"metadata":{"namespace":"default"},"involvedObject":{}})"), Lines());
  EXPECT_EQ(events.create(old, "events.k8s.io/v1beta1"), Lines());
  EXPECT_EQ(events.create(old, "events.k8s.io/v1"),
            (Lines{"eventTime: Required value", "type: Invalid value: \"\": has invalid value: "}));
  const std::string full =
      R"({"involvedObject":{"namespace":"ns"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingComponent":"c","reportingInstance":"i",)"
      R"("action":"A","reason":"R","type":"Normal")";
  EXPECT_EQ(events.create(full + "}", "events.k8s.io/v1"), Lines());
  EXPECT_EQ(
      events.create(full + R"(,"count":1,"source":{"host":"h"},"series":{"count":1}})", "events.k8s.io/v1"),
      (Lines{"series.count: Invalid value: \"\": should be at least 2",
             "series.lastObservedTime: Required value", "count: Invalid value: \"\": needs to be unset",
             "source: Invalid value: \"\": needs to be unset"}));
  const std::string other = full + R"(,"message":"m"})";
  EXPECT_EQ(events.update(full + "}", other), Lines()) << "the old API lets them change";
  EXPECT_EQ(events.update(full + "}", other, "events.k8s.io/v1"),
            Lines{"message: Invalid value: \"m\": field is immutable"});
}

TEST(SmallStrategies, CheckTheirFields) {
  expect_created({"apps", "v1", "controllerrevisions"},
                 {{R"({"data":{"a":1},"revision":1})", {}},
                  {R"({"revision":-1})",
                   {"data: Required value: data is mandatory",
                    "revision: Invalid value: -1: must be greater than or equal to 0"}},
                  {R"({"data":[1]})", {"data: Required value: data must be a valid JSON object"}}});
  expect_updated(
      {"apps", "v1", "controllerrevisions"},
      {{R"({"data":{"a":1}})", R"({"data":{"a":2}})", {"data: Invalid value: \"\": field is immutable"}}});
  expect_created(
      {"coordination.k8s.io", "v1", "leases"},
      {{R"({"spec":{"leaseDurationSeconds":0,"leaseTransitions":-1,"preferredHolder":"h"}})",
        {"spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
         "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
         "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"}},
       {R"({"spec":{"strategy":"Mine"}})",
        {R"(spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion")"}}});
  expect_created(
      {"scheduling.k8s.io", "v1", "priorityclasses"},
      {{R"({"value":1000000000})", {}},
       {R"({"value":1000000001,"preemptionPolicy":"Maybe"})",
        {"value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
         R"(preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never")"}}});
  expect_updated({"scheduling.k8s.io", "v1", "priorityclasses"},
                 {{R"({"value":1})",
                   R"({"value":2,"preemptionPolicy":"Never"})",
                   {"value: Forbidden: may not be changed in an update.",
                    "preemptionPolicy: Invalid value: \"Never\": field is immutable"}}});
}

TEST(WorkloadStrategies, CheckSelectorsAndCounts) {
  const std::string pods =
      R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";
  const auto workload = [&](const std::string& more) { return R"({"spec":{)" + more + "," + pods + "}}"; };
  const Checked deployments("apps", "v1", "deployments"), sets("apps", "v1", "replicasets"),
      controllers("", "v1", "replicationcontrollers");
  const std::string good = workload(R"("selector":{"matchLabels":{"a":"b"}})");
  EXPECT_EQ(deployments.create(good), Lines());
  EXPECT_EQ(deployments.create(workload(R"("replicas":-1)")),
            (Lines{"spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                   "spec.selector: Required value"}));
  EXPECT_EQ(sets.create(workload(R"("selector":{})")),
            Lines{"spec.selector: Invalid value: {}: empty selector is invalid for deployment"});
  EXPECT_EQ(
      sets.create(workload(R"("selector":{"matchExpressions":[{"key":"a","operator":"Like"}]})")),
      (Lines{
          "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector "
          "operator",
          R"(spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Like"}]}: invalid label selector)"}));
  EXPECT_EQ(
      deployments.create(workload(R"("selector":{"matchLabels":{"a":"c"}})")),
      Lines{
          R"(spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`)"});
  EXPECT_EQ(
      controllers.create(
          R"({"spec":{"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"b"}},"spec":)"
          R"({"activeDeadlineSeconds":1,"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})"),
      (Lines{R"(spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always")",
             "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in "
             "ReplicationController is "
             "not Supported"}));
  EXPECT_EQ(
      controllers
          .create(
              R"({"metadata":{"labels":{"x":"y"}},"spec":{"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"-"}},"spec":)"
              R"({"containers":[{"name":"c","image":"i"}]}}}})")
          .size(),
      2u)
      << "the selector, and the label under template.labels";
  EXPECT_EQ(
      deployments.status(
          good, R"({"status":{"replicas":1,"readyReplicas":2,"availableReplicas":3,"updatedReplicas":-1}})"),
      (Lines{"status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0",
             "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
             "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
             "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas"}));
  EXPECT_EQ(sets.status(good, R"({"status":{"replicas":1,"fullyLabeledReplicas":2}})"),
            Lines{"status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas"});
}

TEST(ObjectMetaChecks, ServiceAccountsHaveNothingElse) {
  expect_created(
      {"", "v1", "serviceaccounts"},
      {{R"({"metadata":{"name":"A","labels":{"a b":"c"}}})",
        {"metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case "
         "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
         "'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
         "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', "
         "'_' "
         "or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
         "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"}}});
}

}  // namespace
}  // namespace mizzen::api
