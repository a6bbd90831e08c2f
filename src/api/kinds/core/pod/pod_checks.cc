// Pod specs as a whole, pods and templates.
#include "api/kinds/core/pod/pod_checks.h"

#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "api/checks/resource_checks.h"
#include "api/kinds/core/pod/container_checks.h"
#include "api/kinds/core/pod/placement_checks.h"
#include "api/kinds/core/pod/security_checks.h"
#include "api/kinds/core/pod/volume_checks.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr const char* kMirror = "kubernetes.io/config.mirror";
constexpr const char* kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";
constexpr size_t kNameserversMax = 3;
constexpr size_t kSearchPathsMax = 32;
constexpr size_t kSearchCharactersMax = 2048;
constexpr size_t kHostnameMax = 64;

std::set<std::string> check_claims(const PodSpec& spec, const meta::v1::ObjectMeta* meta, const Path& at,
                                   FieldErrors& errors) {
  std::set<std::string> names;
  for (size_t i = 0; i < spec.resourceClaims.size(); ++i) {
    const auto& c = spec.resourceClaims[i];
    const Path here = at.index(i);
    if (meta && meta->annotations.contains(kMirror)) {
      errors.forbidden(Path(""), "static pods do not support resource claims");
      continue;
    }
    if (c.name.empty()) {
      errors.required(here.child("name"), "");
    } else if (names.contains(c.name)) {
      errors.duplicate(here.child("name"), c.name);
    } else {
      check_label(c.name, here.child("name"), errors);
    }
    names.insert(c.name);
    if (c.resourceClaimName && c.resourceClaimTemplateName)
      errors.invalid_raw(
          here, codec::to_json(c),
          "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    if (!c.resourceClaimName && !c.resourceClaimTemplateName)
      errors.invalid_raw(here, codec::to_json(c),
                         "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    if (c.resourceClaimName) check_subdomain(*c.resourceClaimName, here.child("resourceClaimName"), errors);
    if (c.resourceClaimTemplateName)
      check_subdomain(*c.resourceClaimTemplateName, here.child("resourceClaimTemplateName"), errors);
  }
  return names;
}

void check_dns(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  if (spec.dnsPolicy == "None") {
    if (!spec.dnsConfig) return errors.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
    if (spec.dnsConfig->nameservers.empty())
      return errors.required(at.child("nameservers"),
                             "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (!spec.dnsConfig) return;
  const auto& c = *spec.dnsConfig;
  const Path servers = at.child("nameservers"), searches = at.child("searches");
  if (c.nameservers.size() > kNameserversMax)
    errors.invalid_raw(servers, list_json(c.nameservers), "must not have more than 3 nameservers");
  for (size_t i = 0; i < c.nameservers.size(); ++i)
    check_messages(machinery::is_valid_ip(c.nameservers[i]), servers.index(i), c.nameservers[i], errors);
  if (c.searches.size() > kSearchPathsMax)
    errors.invalid_raw(searches, list_json(c.searches), "must not have more than 32 search paths");
  if (join(c.searches, " ").size() > kSearchCharactersMax)
    errors.invalid_raw(searches, list_json(c.searches),
                       "must not have more than 2048 characters (including spaces) in the search list");
  for (size_t i = 0; i < c.searches.size(); ++i) {
    std::string_view search = c.searches[i];
    if (search == ".") continue;
    if (search.ends_with(".")) search.remove_suffix(1);
    check_messages(machinery::is_dns1123_subdomain_with_underscore(search), searches.index(i), search,
                   errors);
  }
  for (size_t i = 0; i < c.options.size(); ++i)
    if (c.options[i].name.empty()) errors.required(at.child("options").index(i), "must not be empty");
}

void check_host_network(const PodSpec& spec, bool is_pod, const Path& at, FieldErrors& errors) {
  if (!spec.hostNetwork) return;
  for (size_t i = 0; i < spec.containers.size(); ++i)
    for (size_t k = 0; k < spec.containers[i].ports.size(); ++k) {
      const auto& p = spec.containers[i].ports[k];
      if ((is_pod || p.hostPort != 0) && p.hostPort != p.containerPort)
        errors.invalid(at.child("containers").index(i).child("ports").index(k).child("hostPort"), p.hostPort,
                       "must match `containerPort` when `hostNetwork` is true");
    }
}

/// What a pod with users of its own cannot have.
void check_own_users(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  if (spec.hostUsers.value_or(true)) return;
  const char* why = "when `hostUsers` is false";
  if (spec.hostNetwork) errors.forbidden(at.child("hostNetwork"), why);
  if (spec.hostPID) errors.forbidden(at.child("HostPID"), why);
  if (spec.hostIPC) errors.forbidden(at.child("HostIPC"), why);
  const auto devices = [&](const std::vector<Container>& list, const char* name) {
    for (size_t i = 0; i < list.size(); ++i)
      if (!list[i].volumeDevices.empty())
        errors.forbidden(at.child(name).index(i).child("volumeDevices"), why);
  };
  devices(spec.initContainers, "initContainers");
  devices(spec.containers, "containers");
}

void check_hostname_override(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  if (!spec.hostnameOverride) return;
  if (spec.setHostnameAsFQDN.value_or(false))
    errors.forbidden(at, "may not be specified when setHostnameAsFQDN is true");
  if (spec.hostNetwork) errors.forbidden(at, "may not be specified when hostNetwork is true");
  if (spec.hostnameOverride->size() > kHostnameMax) errors.too_long(at, kHostnameMax);
  check_subdomain(*spec.hostnameOverride, at, errors);
}

void check_file_volumes(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  const auto containers = [&](const std::vector<Container>& list, const char* name) {
    for (size_t i = 0; i < list.size(); ++i)
      for (size_t k = 0; k < list[i].env.size(); ++k) {
        const auto& from = list[i].env[k].valueFrom;
        if (!from || !from->fileKeyRef) continue;
        const std::string& volume = from->fileKeyRef->volumeName;
        const Path where = at.child(name)
                               .index(i)
                               .child("env")
                               .index(k)
                               .child("valueFrom")
                               .child("fileKeyRef")
                               .child("volumeName");
        const auto it = std::find_if(spec.volumes.rbegin(), spec.volumes.rend(),
                                     [&](const Volume& v) { return v.name == volume; });
        if (it == spec.volumes.rend()) {
          errors.not_found(where, volume);
        } else if (!it->volumeSource.emptyDir) {
          errors.invalid(where, volume, "referenced volume must be of type emptyDir");
        }
      }
  };
  containers(spec.initContainers, "initContainers");
  containers(spec.containers, "containers");
}

void check_gates(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < spec.readinessGates.size(); ++i) {
    const std::string& type = spec.readinessGates[i].conditionType;
    check_messages(machinery::is_qualified_name(type),
                   at.child("readinessGates").index(i).child("conditionType"), type, errors);
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < spec.schedulingGates.size(); ++i) {
    const std::string& name = spec.schedulingGates[i].name;
    const Path here = at.child("schedulingGates").index(i);
    check_messages(machinery::is_qualified_name(name), here, name, errors);
    if (!seen.insert(name).second) errors.duplicate(here, name);
  }
}

/// `meta` is the pod's; null for templates.
void check_spec(const PodSpec& spec, const meta::v1::ObjectMeta* meta, const Path& at, FieldErrors& errors) {
  if (!spec.terminationGracePeriodSeconds) errors.required(at.child("terminationGracePeriodSeconds"), "");
  const auto volumes = check_volumes(spec.volumes, meta ? meta->name : "", at.child("volumes"), errors);
  const auto claims = check_claims(spec, meta, at.child("resourceClaims"), errors);
  check_containers({spec, volumes, claims, spec.hostUsers.value_or(true)}, at, errors);
  check_pod_resources(spec, claims, at, errors);
  check_host_network(spec, meta != nullptr, at, errors);
  check_one_of(spec.restartPolicy, at.child("restartPolicy"), {"Always", "OnFailure", "Never"}, errors);
  check_one_of(spec.dnsPolicy, at.child("dnsPolicy"),
               {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}, errors);
  check_labels(spec.nodeSelector, at.child("nodeSelector"), errors);
  check_pod_security(spec, at.child("securityContext"), errors);
  if (spec.affinity) check_affinity(*spec.affinity, at.child("affinity"), errors);
  check_dns(spec, at.child("dnsConfig"), errors);
  check_gates(spec, at, errors);
  check_spread(spec.topologySpreadConstraints, at.child("topologySpreadConstraints"), errors);
  check_own_users(spec, at, errors);
  check_hostname_override(spec, at.child("hostnameOverride"), errors);
  if (!spec.serviceAccountName.empty())
    check_subdomain(spec.serviceAccountName, at.child("serviceAccountName"), errors);
  if (!spec.nodeName.empty()) check_subdomain(spec.nodeName, at.child("nodeName"), errors);
  if (spec.activeDeadlineSeconds &&
      (*spec.activeDeadlineSeconds < 1 || *spec.activeDeadlineSeconds > INT32_MAX))
    errors.invalid(at.child("activeDeadlineSeconds"), *spec.activeDeadlineSeconds,
                   "must be between 1 and 2147483647, inclusive");
  if (!spec.hostname.empty()) check_label(spec.hostname, at.child("hostname"), errors);
  if (!spec.subdomain.empty()) check_label(spec.subdomain, at.child("subdomain"), errors);
  check_tolerations(spec.tolerations, at.child("tolerations"), errors);
  for (size_t i = 0; i < spec.hostAliases.size(); ++i) {
    const auto& alias = spec.hostAliases[i];
    const Path here = at.child("hostAliases").index(i);
    check_messages(machinery::is_valid_ip(alias.ip), here.child("ip"), alias.ip, errors);
    for (size_t k = 0; k < alias.hostnames.size(); ++k)
      check_subdomain(alias.hostnames[k], here.child("hostnames").index(k), errors);
  }
  if (!spec.priorityClassName.empty())
    check_subdomain(spec.priorityClassName, at.child("priorityClassName"), errors);
  if (spec.runtimeClassName) check_subdomain(*spec.runtimeClassName, at.child("runtimeClassName"), errors);
  if (spec.preemptionPolicy)
    check_one_of(*spec.preemptionPolicy, at.child("preemptionPolicy"), {"PreemptLowerPriority", "Never"},
                 errors);
  if (!spec.overhead.empty()) {
    ResourceRequirements overhead;
    overhead.limits = spec.overhead;
    check_resources(overhead, {}, at.child("overhead"), errors);
  }
  check_operating_system(spec, at, errors);
  check_file_volumes(spec, at, errors);
}

/// A 32-bit number without a plus sign or leading zeros.
bool is_deletion_cost(std::string_view text) {
  if (text.empty() || text[0] == '+') return false;
  if (text.size() > 1 && text[0] == '0') return false;
  return parse_int<int32_t>(text).has_value();
}

void check_pod_annotations(const codec::Map<std::string>& annotations, const PodSpec& spec, const Path& at,
                           FieldErrors& errors) {
  if (const std::string* mirror = annotations.find(kMirror); mirror && spec.nodeName.empty())
    errors.invalid(at.key(kMirror), *mirror, "must set spec.nodeName if mirror pod annotation is set");
  if (const std::string* cost = annotations.find(kDeletionCost); cost && !is_deletion_cost(*cost))
    errors.invalid(at.key(kDeletionCost), *cost, "must be a 32bit integer");
}

void check_images(const std::vector<Container>& list, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < list.size(); ++i)
    if (trim(list[i].image) != list[i].image)
      errors.invalid(at.index(i).child("image"), list[i].image,
                     "must not have leading or trailing whitespace");
}

}  // namespace

void check_pod(const Pod& pod, FieldErrors& errors) {
  const Path at("spec");
  check_pod_annotations(pod.metadata.annotations, pod.spec, Path("metadata").child("annotations"), errors);
  check_spec(pod.spec, &pod.metadata, at, errors);
  if (pod.spec.serviceAccountName.empty())
    for (size_t i = 0; i < pod.spec.volumes.size(); ++i) {
      const auto& projected = pod.spec.volumes[i].volumeSource.projected;
      for (size_t k = 0; projected && k < projected->sources.size(); ++k)
        if (projected->sources[k].serviceAccountToken)
          errors.forbidden(at.child("volumes")
                               .index(i)
                               .child("projected")
                               .child("sources")
                               .index(k)
                               .child("serviceAccountToken"),
                           "must not be specified when serviceAccountName is not set");
    }
  check_images(pod.spec.containers, at.child("containers"), errors);
  check_images(pod.spec.initContainers, at.child("initContainers"), errors);
}

void check_pod_create(const Pod& pod, FieldErrors& errors) {
  check_pod(pod, errors);
  const Path at("spec");
  if (!pod.spec.ephemeralContainers.empty())
    errors.forbidden(at.child("ephemeralContainers"), "cannot be set on create");
  if (!pod.spec.nodeName.empty() && !pod.spec.schedulingGates.empty())
    errors.forbidden(at.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
}

void check_pod_template(const PodTemplateSpec& tmpl, const Path& at, FieldErrors& errors) {
  check_labels(tmpl.metadata.labels, at.child("labels"), errors);
  check_annotations(tmpl.metadata.annotations, at.child("annotations"), errors);
  check_pod_annotations(tmpl.metadata.annotations, tmpl.spec, at.child("annotations"), errors);
  check_spec(tmpl.spec, nullptr, at.child("spec"), errors);
  if (!tmpl.spec.ephemeralContainers.empty())
    errors.forbidden(at.child("spec").child("ephemeralContainers"),
                     "ephemeral containers not allowed in pod template");
}

void check_controller_template(const PodTemplateSpec& tmpl, const char* kind, const Path& at,
                               FieldErrors& errors) {
  check_pod_template(tmpl, at, errors);
  if (tmpl.spec.restartPolicy != "Always")
    errors.not_supported(at.child("spec").child("restartPolicy"), tmpl.spec.restartPolicy, {"Always"});
  if (tmpl.spec.activeDeadlineSeconds)
    errors.forbidden(at.child("spec").child("activeDeadlineSeconds"),
                     std::string("activeDeadlineSeconds in ") + kind + " is not Supported");
}

}  // namespace mizzen::api
