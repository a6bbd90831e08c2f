// Pods as YAML-ish JSON, and what is wrong with them in upstream's words.
#include "api/kinds/core/pod/pod_checks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/kinds/core/pod/pod_strategy.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using core::v1::Pod;

/// "path: message" of each error.
std::vector<std::string> lines(const machinery::FieldErrors& errors) {
  std::vector<std::string> out;
  for (const Cause& c : errors.causes()) out.push_back(c.field + ": " + c.message);
  return out;
}

Pod make(const std::string& spec, const std::string& metadata = R"("name":"p","namespace":"ns")") {
  auto pod = codec::from_json<Pod>(fmt::format(R"({{"metadata":{{{}}},"spec":{}}})", metadata, spec));
  EXPECT_TRUE(pod.ok()) << pod.error().message() << spec;
  if (!pod.ok()) return {};
  pod_strategy().set_defaults(&*pod, "v1");
  return std::move(*pod);
}

/// A pod spec with one container; both take more members.
std::string spec(const std::string& more = "", const std::string& container = "") {
  return fmt::format(R"({{"containers":[{{"name":"c","image":"i"{}}}]{}}})",
                     container.empty() ? "" : "," + container, more.empty() ? "" : "," + more);
}
std::string container(const std::string& more) { return spec("", more); }

std::vector<std::string> created(const Pod& pod) {
  machinery::FieldErrors errors;
  pod_strategy().validate_create(&pod, errors);
  return lines(errors);
}

struct Case {
  std::string spec;
  std::vector<std::string> errors;
};

void expect(const std::vector<Case>& table) {
  for (const Case& c : table) EXPECT_EQ(created(make(c.spec)), c.errors) << c.spec;
}

constexpr const char* kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

TEST(PodChecks, TakeWhatIsUsual) {
  expect({
      {spec(), {}},
      {container(R"("ports":[{"name":"http","containerPort":80}],"env":[{"name":"A.b","value":"x"}])"), {}},
      {container(R"("env":[{"name":"N","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['a/b']"}}}])"),
       {}},
      {container(R"("resources":{"limits":{"cpu":"1","memory":"1Gi","example.com/gpu":"2"},)"
                 R"("requests":{"cpu":"100m","example.com/gpu":"2"}})"),
       {}},
      {spec(R"("volumes":[{"name":"v","emptyDir":{}}])", R"("volumeMounts":[{"name":"v","mountPath":"/x"}])"),
       {}},
      {spec(R"("tolerations":[{"operator":"Exists"}],"hostNetwork":true)",
            R"("ports":[{"containerPort":80}])"),
       {}},
      {spec(R"("initContainers":[{"name":"i","image":"x","restartPolicy":"Always","readinessProbe":{"exec":)"
            R"({"command":["true"]}}}])"),
       {}},
  });
}

TEST(PodChecks, Containers) {
  expect({
      {R"({"containers":[]})", {"spec.containers: Required value"}},
      {R"({"containers":[{"name":"A"}]})",
       {fmt::format("spec.containers[0].name: Invalid value: \"A\": {}", kLabel),
        "spec.containers[0].image: Required value"}},
      {R"({"containers":[{"name":"a","image":" i"},{"name":"a","image":"i"}]})",
       {"spec.containers[1].name: Duplicate value: \"a\"",
        "spec.containers[0].image: Invalid value: \" i\": must not have leading or trailing whitespace"}},
      {container(R"("imagePullPolicy":"Never!","terminationMessagePolicy":"x")"),
       {R"(spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError")",
        R"(spec.containers[0].imagePullPolicy: Unsupported value: "Never!": supported values: "Always", "IfNotPresent", "Never")"}},
      {container(
           R"("ports":[{"containerPort":0},{"containerPort":70000,"protocol":"X"},{"containerPort":1,"hostPort":9},)"
           R"({"containerPort":2,"hostPort":9},{"containerPort":3,"name":"toolongportname1"}])"),
       {"spec.containers[0].ports[0].containerPort: Required value",
        "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, "
        "inclusive",
        R"(spec.containers[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP")",
        R"(spec.containers[0].ports[4].name: Invalid value: "toolongportname1": must be no more than 15 characters)",
        R"(spec.containers[0].ports[3].hostPort: Duplicate value: "TCP//9")"}},
      {container(R"("restartPolicy":"Sometimes")"),
       {R"(spec.containers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure")"}},
      {container(R"("restartPolicyRules":[{"action":"Restart"}])"),
       {"spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are "
        "used",
        "spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified"}},
      {container(R"("resizePolicy":[{"resourceName":"disk","restartPolicy":"NotRequired"}])"),
       {R"(spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory")"}},
      {spec(
           R"("initContainers":[{"name":"c","image":"i","livenessProbe":{"exec":{"command":["x"]}},"lifecycle":{}}])"),
       {"spec.initContainers[0].name: Duplicate value: \"c\"",
        "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without "
        "restartPolicy=Always",
        "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without "
        "restartPolicy=Always"}},
      {spec(
           R"("ephemeralContainers":[{"name":"c","image":"i","targetContainerName":"d","ports":[{"containerPort":1}]}])"),
       {"spec.ephemeralContainers[0].name: Duplicate value: \"c\"",
        "spec.ephemeralContainers[0].targetContainerName: Not found: \"d\"",
        "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
        "spec.ephemeralContainers: Forbidden: cannot be set on create"}},
  });
}

TEST(PodChecks, Environment) {
  const std::string at = "spec.containers[0].env[0].valueFrom";
  const auto from = [](const std::string& source, const std::string& more = "") {
    return container(fmt::format(R"("env":[{{"name":"A","valueFrom":{}{}}}])", source, more));
  };
  expect({
      {container(R"("env":[{"name":""},{"name":"a=b"}])"),
       {"spec.containers[0].env[0].name: Required value",
        "spec.containers[0].env[1].name: Invalid value: \"a=b\": a valid environment variable name must "
        "consist only of "
        "printable ASCII characters other than '='"}},
      {from("{}"),
       {at + ": Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
             "`secretKeyRef` or `fileKeyRef`"}},
      {from(R"({"configMapKeyRef":{"name":"m","key":"k"}})", R"(,"value":"x")"),
       {at + ": Invalid value: \"\": may not be specified when `value` is not empty"}},
      {from(R"({"configMapKeyRef":{"name":"m","key":"k"},"secretKeyRef":{"name":"m","key":"a b"}})"),
       {at + ".secretKeyRef.key: Invalid value: \"a b\": a valid config key must consist of alphanumeric "
             "characters, "
             "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
             "'[-._a-zA-Z0-9]+')",
        at + ": Invalid value: \"\": may not have more than one field specified at a time"}},
      {from(R"({"fieldRef":{"fieldPath":"spec.nothing"}})"),
       {at +
        ".fieldRef.fieldPath: Invalid value: \"spec.nothing\": error converting fieldPath: field label not "
        "supported: spec.nothing"}},
      {from(R"({"fieldRef":{"fieldPath":"status.phase"}})"),
       {at +
        R"(.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", )"
        R"("metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", )"
        R"("status.hostIPs", "status.podIP", "status.podIPs")"}},
      {from(R"({"fieldRef":{"fieldPath":"metadata.name['x']"}})"),
       {at + ".fieldRef.fieldPath: Invalid value: \"metadata.name['x']\": error converting fieldPath: field "
             "label does "
             "not support subscript: metadata.name['x']"}},
      {from(R"({"resourceFieldRef":{"resource":"limits.gpu"}})"),
       {at +
        R"(.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", )"
        R"("limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", )"
        R"("requests.memory")"}},
      {from(R"({"resourceFieldRef":{"resource":"limits.cpu","divisor":"2"}})"),
       {at + ".resourceFieldRef.divisor: Invalid value: \"limits.cpu\": only divisor's values 1m and 1 are "
             "supported "
             "with the cpu resource"}},
      {container(R"("envFrom":[{},{"configMapRef":{"name":""}}])"),
       {"spec.containers[0].envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`",
        "spec.containers[0].envFrom[1].configMapRef.name: Required value"}},
      {from(R"({"fileKeyRef":{"volumeName":"v","path":"../x","key":"k"}})"),
       {at + ".fileKeyRef.path: Invalid value: \"../x\": must not contain '..'",
        at + ".fileKeyRef.volumeName: Not found: \"v\""}},
  });
}

TEST(PodChecks, ProbesAndLifecycle) {
  const std::string at = "spec.containers[0].livenessProbe";
  expect({
      {container(R"("livenessProbe":{})"), {at + ": Required value: must specify a handler type"}},
      {container(
           R"("livenessProbe":{"exec":{},"httpGet":{"port":"a b"},"periodSeconds":-1,"successThreshold":2,)"
           R"("terminationGracePeriodSeconds":0})"),
       {at + ".exec.command: Required value",
        at + ".httpGet: Forbidden: may not specify more than 1 handler type",
        at + ".periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        at + ".terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0",
        at + ".successThreshold: Invalid value: 2: must be 1"}},
      {container(R"("readinessProbe":{"tcpSocket":{"port":0},"terminationGracePeriodSeconds":1})"),
       {"spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, "
        "inclusive",
        "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set "
        "for "
        "readinessProbes"}},
      {container(R"("lifecycle":{"preStop":{"sleep":{"seconds":99}},"stopSignal":"SIGTERM"})"),
       {"spec.containers[0].lifecycle.preStop.sleep: Invalid value: 99: must be non-negative and less than "
        "terminationGracePeriodSeconds (30)",
        "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty "
        "`spec.os.name`"}},
  });
}

TEST(PodChecks, Resources) {
  const std::string at = "spec.containers[0].resources";
  const auto with = [](const std::string& r) { return container(fmt::format(R"("resources":{})", r)); };
  expect({
      {with(R"({"limits":{"cpu":"1"},"requests":{"cpu":"2"}})"),
       {at + ".requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"}},
      {with(R"({"requests":{"cpu":"-1"}})"),
       {at + ".requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0"}},
      {with(R"({"limits":{"bogus":"1"}})"),
       {at + ".limits[bogus]: Invalid value: \"bogus\": must be a standard resource type or fully qualified",
        at + ".limits[bogus]: Invalid value: \"bogus\": must be a standard resource for containers",
        at +
            ".requests[bogus]: Invalid value: \"bogus\": must be a standard resource type or fully qualified",
        at + ".requests[bogus]: Invalid value: \"bogus\": must be a standard resource for containers"}},
      {with(R"({"limits":{"pods":"1"}})"),
       {at + ".limits[pods]: Invalid value: \"pods\": must be a standard resource for containers",
        at + ".requests[pods]: Invalid value: \"pods\": must be a standard resource for containers"}},
      {with(R"({"limits":{"example.com/gpu":"1500m"}})"),
       {at + ".limits[example.com/gpu]: Invalid value: \"1500m\": must be an integer",
        at + ".requests[example.com/gpu]: Invalid value: \"1500m\": must be an integer"}},
      {with(R"({"limits":{"example.com/gpu":"2"},"requests":{"example.com/gpu":"1"}})"),
       {at + ".requests: Invalid value: \"1\": must be equal to example.com/gpu limit of 2"}},
      {with(R"({"limits":{"hugepages-2Mi":"3Mi"}})"),
       {at + ".limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of "
             "hugepages-2Mi",
        at + ".requests[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of "
             "hugepages-2Mi",
        at + ": Forbidden: HugePages require cpu or memory"}},
      {with(R"({"claims":[{"name":"x"}]})"),
       {at +
        ".claims[0]: Not found: \"x\": must be one of the names in pod.spec.resourceClaims which is empty"}},
  });
}

TEST(PodChecks, VolumesAndMounts) {
  const auto volume = [](const std::string& source) {
    return spec(fmt::format(R"("volumes":[{{"name":"v",{}}}])", source));
  };
  const std::string at = "spec.volumes[0]";
  expect({
      {spec(R"("volumes":[{"name":"v","emptyDir":{}},{"name":"v","emptyDir":{}},{"name":"","emptyDir":{}}])"),
       {"spec.volumes[1].name: Duplicate value: \"v\"", "spec.volumes[2].name: Required value"}},
      {volume(R"("emptyDir":{},"hostPath":{"path":"/x"})"),
       {at + ".hostPath: Forbidden: may not specify more than 1 volume type"}},
      {volume(R"("hostPath":{"path":"/a/../b","type":"Pipe"})"),
       {at + ".hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
        at +
            R"(.hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", )"
            R"("DirectoryOrCreate", "File", "FileOrCreate", "Socket")"}},
      {volume(
           R"("configMap":{"items":[{"key":"","path":"/x"},{"key":"k","path":"..x","mode":512}],"defaultMode":999})"),
       {at + ".configMap.name: Required value",
        at + ".configMap.defaultMode: Invalid value: 999: must be a number between 0 and 0777 (octal), both "
             "inclusive",
        at + ".configMap.items[0].key: Required value",
        at + ".configMap.items[0].path: Invalid value: \"/x\": must be a relative path",
        at + ".configMap.items[1].path: Invalid value: \"..x\": must not start with '..'",
        at + ".configMap.items[1].mode: Invalid value: 512: must be a number between 0 and 0777 (octal), "
             "both inclusive"}},
      {volume(
           R"("downwardAPI":{"items":[{"path":"p"},{"path":"q","fieldRef":{"fieldPath":"spec.nodeName"}}]})"),
       {at + ".downwardAPI: Required value: one of fieldRef and resourceFieldRef is required",
        at +
            R"(.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: )"
            R"("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")"}},
      {volume(R"("projected":{"sources":[{"secret":{"name":"s","items":[{"key":"a","path":"x"}]}},)"
              R"({"configMap":{"name":"m","items":[{"key":"a","path":"x"}]}}]})"),
       {at + ".projected: Invalid value: \"m\": conflicting duplicate paths"}},
      {volume(R"("nfs":{"server":"s","path":"x"})"),
       {at + ".nfs.path: Invalid value: \"x\": must be an absolute path"}},
      {volume(R"("persistentVolumeClaim":{})"), {at + ".persistentVolumeClaim.claimName: Required value"}},
      {container(R"("volumeMounts":[{"name":"n","mountPath":"/a"}])"),
       {"spec.containers[0].volumeMounts[0].name: Not found: \"n\""}},
      {spec(R"("volumes":[{"name":"v","emptyDir":{}}])",
            R"("volumeMounts":[{"name":"v","mountPath":"/a","subPath":"../x","subPathExpr":"y"},{"name":"v",)"
            R"("mountPath":"/a","mountPropagation":"Bidirectional","recursiveReadOnly":"Enabled"}])"),
       {"spec.containers[0].volumeMounts.subPath: Invalid value: \"../x\": must not contain '..'",
        "spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: \"y\": subPathExpr and subPath are "
        "mutually "
        "exclusive",
        "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
        "spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is "
        "available only "
        "to privileged containers",
        "spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly "
        "is true",
        "spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when "
        "mountPropagation is "
        "None or not specified"}},
      {spec(R"("volumes":[{"name":"v","emptyDir":{}}])",
            R"("volumeDevices":[{"name":"v","devicePath":"/../x"}])"),
       {"spec.containers[0].volumeDevices[0].name: Invalid value: \"v\": can only use volume source type of "
        "PersistentVolumeClaim or Ephemeral for block mode",
        "spec.containers[0].volumeDevices[0].devicePath: Invalid value: \"/../x\": can not contain backsteps "
        "('..')"}},
  });
}

TEST(PodChecks, SecurityContexts) {
  expect({
      {spec(
           R"("securityContext":{"runAsUser":-1,"sysctls":[{"name":"net.x","value":"1"},{"name":"A","value":""}],)"
           R"("fsGroupChangePolicy":"Never"},"hostNetwork":true,"shareProcessNamespace":true,"hostPID":true)"),
       {"spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        "spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID "
        "cannot both "
        "be enabled",
        "spec.securityContext.sysctls[0].name: Invalid value: \"net.x\": may not be specified when "
        "'hostNetwork' is true",
        "spec.securityContext.sysctls[1].name: Invalid value: \"A\": must have at most 253 characters and "
        "match regex "
        "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
        R"(spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch")"}},
      {container(R"("securityContext":{"procMount":"Unmasked","seccompProfile":{"type":"Localhost"},)"
                 R"("appArmorProfile":{"type":"X","localhostProfile":"y"}})"),
       {"spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be "
        "false to use "
        "`Unmasked`",
        "spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set "
        "when seccomp "
        "type is Localhost",
        "spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: \"y\": can only "
        "be set when "
        "AppArmor type is Localhost",
        R"(spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "X": )"
        R"(supported values: "Localhost", "RuntimeDefault", "Unconfined")"}},
      {spec(R"("os":{"name":"beos"})"),
       {R"(spec.os: Unsupported value: "beos": supported values: "linux", "windows")"}},
      {spec(R"("os":{"name":"windows"},"hostPID":true,"securityContext":{"fsGroup":1})"),
       {"spec.hostPID: Forbidden: cannot be set for a windows pod",
        "spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod"}},
      {spec(R"("hostUsers":false,"hostIPC":true)"), {"spec.HostIPC: Forbidden: when `hostUsers` is false"}},
  });
}

TEST(PodChecks, WhereItMayGo) {
  const std::string node =
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  const std::string anti = "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]";
  expect({
      {spec(
           R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}})"),
       {node + ": Required value: must have at least one node selector term"}},
      {spec(
           R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
           R"({"matchExpressions":[{"key":"a","operator":"In"},{"key":"a","operator":"Near"},{"key":"a","operator":"Gt",)"
           R"("values":["1","2"]}],"matchFields":[{"key":"metadata.uid","operator":"In","values":["x"]}]}]}}})"),
       {node + "[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or "
               "'NotIn'",
        node + "[0].matchExpressions[1].operator: Invalid value: \"Near\": not a valid selector operator",
        node + "[0].matchExpressions[2].values: Required value: must be specified single value when "
               "`operator` is 'Lt' "
               "or 'Gt'",
        node + "[0].matchFields[0].key: Invalid value: \"metadata.uid\": not a valid field selector key"}},
      {spec(
           R"("affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,)"
           R"("podAffinityTerm":{"topologyKey":"a","matchLabelKeys":["x"]}}]}})"),
       {anti + ".weight: Invalid value: 0: must be in the range 1-100",
        anti + ".podAffinityTerm.matchLabelKeys: Forbidden: must not be specified when labelSelector is not "
               "set"}},
      {spec(
           R"("tolerations":[{"key":"a","operator":"Like"},{"operator":"Equal"},{"key":"a","operator":"Exists",)"
           R"("value":"v","tolerationSeconds":1,"effect":"NoSchedule"},{"key":"a","effect":"Go"},{"key":"a","operator":"Lt"}])"),
       {R"(spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists")",
        "spec.tolerations[1].operator: Invalid value: \"Equal\": operator must be Exists when `key` is "
        "empty, which means "
        "\"match all values and all keys\"",
        "spec.tolerations[2].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when "
        "`tolerationSeconds` "
        "is set",
        "spec.tolerations[2].operator: Invalid value: \"v\": value must be empty when `operator` is 'Exists'",
        R"(spec.tolerations[3].effect: Unsupported value: "Go": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute")",
        R"(spec.tolerations[4].operator: Unsupported value: "Lt": supported values: "Equal", "Exists", "Lt", "Gt")"}},
      {spec(
           R"("topologySpreadConstraints":[{"maxSkew":0,"topologyKey":"k","whenUnsatisfiable":"ScheduleAnyway",)"
           R"("minDomains":1},{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"ScheduleAnyway"}])"),
       {"spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        "spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{k, "
        "ScheduleAnyway}\"",
        "spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if "
        "whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"}},
      {spec(R"("schedulingGates":[{"name":"a"},{"name":"a"}],"nodeName":"n")"),
       {"spec.schedulingGates[1]: Duplicate value: \"a\"",
        "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"}},
  });
}

TEST(PodChecks, TheRestOfTheSpec) {
  expect({
      {spec(R"("restartPolicy":"Maybe","dnsPolicy":"Custom")"),
       {R"(spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never")",
        R"(spec.dnsPolicy: Unsupported value: "Custom": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")"}},
      {spec(R"("dnsPolicy":"None")"),
       {"spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"}},
      {spec(
           R"("dnsConfig":{"nameservers":["010.0.0.1","x"],"searches":["_a.b","-"],"options":[{"value":"x"}]})"),
       {"spec.dnsConfig.nameservers[0]: Invalid value: \"010.0.0.1\": must not have leading 0s",
        "spec.dnsConfig.nameservers[1]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
        "2001:db8::ffff)",
        "spec.dnsConfig.searches[1]: Invalid value: \"-\": a lowercase RFC 1123 subdomain must consist of "
        "lower case "
        "alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character "
        "(e.g. "
        "'example.com', regex used for validation is "
        "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
        "spec.dnsConfig.options[0]: Required value: must not be empty"}},
      {spec(R"("activeDeadlineSeconds":0,"hostname":"a.b")"),
       {"spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        "spec.hostname: Invalid value: \"a.b\": must not contain dots"}},
      {spec(R"("hostAliases":[{"ip":"::ffff:1.2.3.4","hostnames":["a"]}],"preemptionPolicy":"Always")"),
       {"spec.hostAliases[0].ip: Invalid value: \"::ffff:1.2.3.4\": must not be an IPv4-mapped IPv6 address",
        R"(spec.preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never")"}},
      {spec(R"("hostNetwork":true)", R"("ports":[{"containerPort":80,"hostPort":81}])"),
       {"spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when "
        "`hostNetwork` is true"}},
      {spec(R"("hostnameOverride":"x","setHostnameAsFQDN":true)"),
       {"spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true"}},
  });
  const auto annotated = make(spec(), R"("name":"p","annotations":{"kubernetes.io/config.mirror":"x",)"
                                      R"("controller.kubernetes.io/pod-deletion-cost":"+1"})");
  EXPECT_EQ(created(annotated),
            (std::vector<std::string>{
                "metadata.annotations[kubernetes.io/config.mirror]: Invalid value: \"x\": must set "
                "spec.nodeName if mirror pod annotation is set",
                "metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "
                "\"+1\": must be a 32bit integer"}));
}

TEST(PodChecks, WhatMayChange) {
  const std::string only =
      "spec: Forbidden: pod updates may not change fields other than "
      "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
      "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
      "(allow it to be set to 1 if it was previously negative)";
  struct Change {
    std::string from, to;
    std::vector<std::string> errors;
  };
  const std::string gated = R"("schedulingGates":[{"name":"g"}])";
  const std::string terms =
      R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
      R"({"matchExpressions":[{"key":"a","operator":"Exists"}]}]}}},)";
  const std::string narrower =
      R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
      R"({"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"b","operator":"Exists"}]}]}}},)";
  const Change kTable[] = {
      {spec(), R"({"containers":[{"name":"c","image":"other"}]})", {}},
      {spec(), container(R"("command":["x"])"), {only}},
      {spec(),
       R"({"containers":[{"name":"c","image":"i"},{"name":"d","image":"i"}]})",
       {"spec.containers: Forbidden: pod updates may not add or remove containers"}},
      {spec(), spec(R"("activeDeadlineSeconds":5)"), {}},
      {spec(R"("activeDeadlineSeconds":5)"),
       spec(R"("activeDeadlineSeconds":6)"),
       {"spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"}},
      {spec(R"("activeDeadlineSeconds":5)"),
       spec(),
       {"spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil "
        "value"}},
      {spec(R"("tolerations":[{"key":"a","operator":"Exists"}])"),
       spec(),
       {"spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"}},
      {spec(R"("tolerations":[{"key":"a","operator":"Exists"}])"),
       spec(R"("tolerations":[{"key":"b","operator":"Exists"},{"key":"a","operator":"Exists"}])"),
       {}},
      {spec(gated), spec(), {}},
      {spec(),
       spec(gated),
       {"spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate "
        "'g'"}},
      {spec(R"("nodeSelector":{"a":"b"},)" + gated),
       spec(R"("nodeSelector":{"a":"b","c":"d"},)" + gated),
       {}},
      {spec(R"("nodeSelector":{"a":"b"},)" + gated),
       spec(R"("nodeSelector":{"a":"c"},)" + gated),
       {R"(spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions))"}},
      {spec(R"("nodeSelector":{"a":"b"})"), spec(R"("nodeSelector":{"a":"b","c":"d"})"), {only}},
      {spec(terms + gated), spec(narrower + gated), {}},
      {spec(gated), spec(narrower + gated), {}},
      {spec(narrower + gated),
       spec(terms + gated),
       {"spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: "
        "Invalid value: "
        R"({"matchExpressions":[{"key":"a","operator":"Exists"}]}: only additions are allowed (no mutations or deletions))"}},
      {spec(R"("terminationGracePeriodSeconds":-1)"), spec(R"("terminationGracePeriodSeconds":1)"), {}},
      {spec(R"("terminationGracePeriodSeconds":5)"), spec(R"("terminationGracePeriodSeconds":1)"), {only}},
  };
  for (const Change& c : kTable) {
    const Pod old = make(c.from), now = make(c.to);
    machinery::FieldErrors errors;
    pod_strategy().validate_update(&now, &old, errors);
    EXPECT_EQ(lines(errors), c.errors) << c.from << " -> " << c.to;
  }
}

TEST(PodChecks, WhatAStatusMaySay) {
  struct Change {
    std::string spec, from, to;
    std::vector<std::string> errors;
  };
  const std::string ended = R"({"containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":1}}}]})";
  const std::string back = R"({"containerStatuses":[{"name":"c","state":{"running":{}}}]})";
  const std::vector<std::string> stays = {
      "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"};
  const Change kTable[] = {
      {spec(), ended, back, {}},
      {spec(R"("restartPolicy":"Never")"), ended, back, stays},
      {spec(R"("restartPolicy":"OnFailure")"), ended, back, {}},
      {spec(R"("restartPolicy":"Never")", R"("restartPolicy":"Always")"), ended, back, {}},
      {spec(
           R"("restartPolicy":"Never")",
           R"("restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[1]}}])"),
       ended,
       back,
       {}},
      {spec(),
       "{}",
       R"({"conditions":[{"type":"a b"},{"type":"Ready"}],"observedGeneration":-1})",
       {"status.conditions[0].Type: Invalid value: \"a b\": name part must consist of alphanumeric "
        "characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
        "'123-abc', regex "
        "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "status.observedGeneration: Invalid value: -1: must be a non-negative integer"}},
      {spec(),
       R"({"qosClass":"BestEffort"})",
       R"({"qosClass":"Burstable"})",
       {"status.qosClass: Invalid value: \"Burstable\": field is immutable"}},
      {spec(R"("nodeName":"n")"),
       "{}",
       R"({"nominatedNodeName":"m"})",
       {"status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node"}},
      {spec(),
       "{}",
       R"({"podIPs":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"hostIP":"a","hostIPs":[{"ip":"1.2.3.4"}]})",
       {R"(status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family)",
        "status.hostIPs[0].ip: Invalid value: \"1.2.3.4\": must be equal to `hostIP`"}},
  };
  for (const Change& c : kTable) {
    Pod old = make(c.spec), now = make(c.spec);
    old.status = *codec::from_json<core::v1::PodStatus>(c.from);
    now.status = *codec::from_json<core::v1::PodStatus>(c.to);
    machinery::FieldErrors errors;
    pod_strategy().validate_part_update(Subresource::Status, &now, &old, errors);
    EXPECT_EQ(lines(errors), c.errors) << c.spec << c.to;
  }
}

TEST(PodChecks, EphemeralContainersAreOnlyAdded) {
  using Lines = std::vector<std::string>;
  const auto with = [](const std::string& containers) {
    return make(spec(R"("ephemeralContainers":[)" + containers + "]"));
  };
  const std::string one =
      R"({"name":"d","image":"i","imagePullPolicy":"Always","terminationMessagePolicy":"File"})";
  const auto update = [](const Pod& asked, const Pod& old) {
    Pod now = asked;
    pod_strategy().set_defaults(&now, "v1");
    pod_strategy().prepare_part_update(Subresource::EphemeralContainers, &now, &old);
    machinery::FieldErrors errors;
    pod_strategy().validate_part_update(Subresource::EphemeralContainers, &now, &old, errors);
    return std::pair(now, lines(errors));
  };
  Pod old = with(""), defaulted = with(one);
  pod_strategy().set_defaults(&old, "v1");
  pod_strategy().set_defaults(&defaulted, "v1");
  old.metadata.generation = defaulted.metadata.generation = 3;
  Pod asked = with(one);
  asked.metadata.labels.set("another", "label");
  asked.spec.containers.at(0).image = "other";
  const auto [added, errors] = update(asked, old);
  EXPECT_EQ(errors, Lines());
  EXPECT_EQ(added.spec.ephemeralContainers.size(), 1u);
  EXPECT_EQ(added.metadata.generation, 4);
  EXPECT_TRUE(codec::equal(added.spec.containers.at(0), old.spec.containers.at(0))) << "nothing else changes";
  EXPECT_FALSE(added.metadata.labels.contains("another"));

  EXPECT_EQ(
      update(with(""), defaulted).second,
      (Lines{
          "spec.ephemeralContainers: Forbidden: existing ephemeral containers \"d\" may not be removed\n"}));
  EXPECT_EQ(
      update(with(R"({"name":"d","image":"j"})"), defaulted).second,
      (Lines{
          "spec.ephemeralContainers: Forbidden: existing ephemeral containers \"d\" may not be changed\n"}));
  EXPECT_EQ(
      update(
          with(
              R"({"name":"e","image":"i","targetContainerName":"nobody","resources":{"limits":{"cpu":"1"}}})"),
          old)
          .second,
      (Lines{"spec.ephemeralContainers[0].targetContainerName: Not found: \"nobody\"",
             "spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container"}));
  old.metadata.annotations.set("kubernetes.io/config.mirror", "x");
  EXPECT_EQ(update(with(one), old).second,
            (Lines{"[]: Forbidden: static pods do not support ephemeral containers"}));
}

}  // namespace
}  // namespace mizzen::api
