#include "api/kinds/core/pod/pod_defaults.h"
#include "api/kinds/core/volume_claim_spec.h"
#include "api/kinds/core/volume_sources.h"

namespace mizzen::api {
namespace {

using namespace core::v1;

void default_handler(codec::Box<HTTPGetAction>& http) {
  if (!http) return;
  if (http->path.empty()) http->path = "/";
  if (http->scheme.empty()) http->scheme = "HTTP";
}

void default_probe(codec::Box<Probe>& probe) {
  if (!probe) return;
  if (probe->timeoutSeconds == 0) probe->timeoutSeconds = 1;
  if (probe->periodSeconds == 0) probe->periodSeconds = 10;
  if (probe->successThreshold == 0) probe->successThreshold = 1;
  if (probe->failureThreshold == 0) probe->failureThreshold = 3;
  default_handler(probe->probeHandler.httpGet);
  if (probe->probeHandler.grpc && !probe->probeHandler.grpc->service) probe->probeHandler.grpc->service = "";
}

void default_field_ref(codec::Box<ObjectFieldSelector>& ref) {
  if (ref && ref->apiVersion.empty()) ref->apiVersion = "v1";
}

void default_resources(codec::Map<codec::Quantity>& list) {
  for (auto& [name, quantity] : list) quantity = quantity.rounded_to_milli();
}

void default_container(Container& c) {
  if (c.imagePullPolicy.empty()) c.imagePullPolicy = default_pull_policy(c.image);
  if (c.terminationMessagePath.empty()) c.terminationMessagePath = "/dev/termination-log";
  if (c.terminationMessagePolicy.empty()) c.terminationMessagePolicy = "File";
  for (auto& p : c.ports)
    if (p.protocol.empty()) p.protocol = "TCP";
  for (auto& e : c.env) {
    if (!e.valueFrom) continue;
    default_field_ref(e.valueFrom->fieldRef);
    if (e.valueFrom->fileKeyRef && !e.valueFrom->fileKeyRef->optional)
      e.valueFrom->fileKeyRef->optional = false;
  }
  default_probe(c.livenessProbe);
  default_probe(c.readinessProbe);
  default_probe(c.startupProbe);
  if (c.lifecycle) {
    if (c.lifecycle->postStart) default_handler(c.lifecycle->postStart->httpGet);
    if (c.lifecycle->preStop) default_handler(c.lifecycle->preStop->httpGet);
  }
  default_resources(c.resources.limits);
  default_resources(c.resources.requests);
}

bool has_source(const VolumeSource& s) { return !codec::is_empty(VolumeSource::descriptor(), &s); }

void default_downward_items(std::vector<DownwardAPIVolumeFile>& items) {
  for (auto& item : items) default_field_ref(item.fieldRef);
}

void default_volume(VolumeSource& s) {
  constexpr int32_t kMode = 0644;
  if (!has_source(s)) s.emptyDir.emplace();
  default_source(s);
  if (s.ephemeral && s.ephemeral->volumeClaimTemplate)
    default_volume_claim(s.ephemeral->volumeClaimTemplate->spec);
  if (s.secret && !s.secret->defaultMode) s.secret->defaultMode = kMode;
  if (s.configMap && !s.configMap->defaultMode) s.configMap->defaultMode = kMode;
  if (s.downwardAPI) {
    if (!s.downwardAPI->defaultMode) s.downwardAPI->defaultMode = kMode;
    default_downward_items(s.downwardAPI->items);
  }
  if (s.projected) {
    if (!s.projected->defaultMode) s.projected->defaultMode = kMode;
    for (auto& source : s.projected->sources) {
      if (source.serviceAccountToken && !source.serviceAccountToken->expirationSeconds)
        source.serviceAccountToken->expirationSeconds = 3600;
      if (source.downwardAPI) default_downward_items(source.downwardAPI->items);
    }
  }
  if (s.image && s.image->pullPolicy.empty()) s.image->pullPolicy = default_pull_policy(s.image->reference);
}

void requests_from_limits(ResourceRequirements& r) {
  for (const auto& [name, limit] : r.limits)
    if (!r.requests.contains(name)) r.requests.set(name, limit);
}

}  // namespace

std::string_view default_pull_policy(std::string_view image) {
  const size_t at = image.find('@');
  const std::string_view name = image.substr(0, at);
  const size_t slash = name.rfind('/');
  const size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) return at == std::string_view::npos ? "Always" : "IfNotPresent";
  return name.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

void default_pod_spec(PodSpec& spec) {
  if (spec.dnsPolicy.empty()) spec.dnsPolicy = "ClusterFirst";
  if (spec.restartPolicy.empty()) spec.restartPolicy = "Always";
  spec.securityContext.ensure();
  if (!spec.terminationGracePeriodSeconds) spec.terminationGracePeriodSeconds = 30;
  if (spec.schedulerName.empty()) spec.schedulerName = "default-scheduler";
  if (spec.serviceAccountName.empty()) spec.serviceAccountName = spec.serviceAccount;
  spec.serviceAccount = spec.serviceAccountName;
  for (auto& c : spec.containers) default_container(c);
  for (auto& c : spec.initContainers) default_container(c);
  for (auto& c : spec.ephemeralContainers) default_container(c.ephemeralContainerCommon);
  for (auto& v : spec.volumes) default_volume(v.volumeSource);
  default_resources(spec.overhead);
}

void default_pod(Pod& pod) {
  default_pod_spec(pod.spec);
  for (auto* list : {&pod.spec.containers, &pod.spec.initContainers})
    for (auto& c : *list) {
      requests_from_limits(c.resources);
      if (!pod.spec.hostNetwork) continue;
      for (auto& p : c.ports)
        if (p.hostPort == 0) p.hostPort = p.containerPort;
    }
  if (!pod.spec.enableServiceLinks) pod.spec.enableServiceLinks = true;
  if (!pod.status.podIP.empty() &&
      (pod.status.podIPs.empty() || pod.status.podIPs[0].ip != pod.status.podIP)) {
    pod.status.podIPs.clear();
    pod.status.podIPs.emplace_back().ip = pod.status.podIP;
  }
}

}  // namespace mizzen::api
