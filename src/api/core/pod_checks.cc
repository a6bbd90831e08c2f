#include "api/core/pod_checks.h"

#include <algorithm>
#include <set>

#include "api/object_meta_checks.h"
#include "base/strings.h"
#include "machinery/names.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

void check_messages(const machinery::Messages& messages, const Path& at, std::string_view value,
                    FieldErrors& errors) {
  for (const std::string& m : messages) errors.invalid(at, value, m);
}

void one_of(const std::string& value, const Path& at, std::initializer_list<const char*> allowed,
            FieldErrors& errors) {
  for (const char* a : allowed)
    if (value == a) return;
  if (value.empty()) {
    errors.required(at, "");
  } else {
    errors.not_supported(at, value, {allowed.begin(), allowed.end()});
  }
}

void check_ports(const std::vector<ContainerPort>& ports, const Path& at, FieldErrors& errors) {
  std::set<std::string> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const ContainerPort& p = ports[i];
    const Path here = at.index(i);
    if (!p.name.empty()) {
      const auto messages = machinery::is_valid_port_name(p.name);
      check_messages(messages, here.child("name"), p.name, errors);
      if (messages.empty() && !names.insert(p.name).second) errors.duplicate(here.child("name"), p.name);
    }
    if (p.containerPort == 0) {
      errors.required(here.child("containerPort"), "");
    } else {
      for (const std::string& m : machinery::is_valid_port_num(p.containerPort))
        errors.invalid(here.child("containerPort"), p.containerPort, m);
    }
    if (p.hostPort != 0)
      for (const std::string& m : machinery::is_valid_port_num(p.hostPort))
        errors.invalid(here.child("hostPort"), p.hostPort, m);
    one_of(p.protocol, here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
  }
}

void check_env(const std::vector<EnvVar>& env, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < env.size(); ++i) {
    const EnvVar& e = env[i];
    const Path here = at.index(i);
    if (e.name.empty()) {
      errors.required(here.child("name"), "");
    } else {
      check_messages(machinery::is_relaxed_env_var_name(e.name), here.child("name"), e.name, errors);
    }
    if (!e.valueFrom) continue;
    const Path from = here.child("valueFrom");
    const auto& v = *e.valueFrom;
    const int sources =
        !!v.fieldRef + !!v.resourceFieldRef + !!v.configMapKeyRef + !!v.secretKeyRef + !!v.fileKeyRef;
    if (sources == 0)
      errors.invalid(from, "",
                     "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` "
                     "or `fileKeyRef`");
    if (!e.value.empty() && sources > 0) {
      errors.invalid(from, "", "may not be specified when `value` is not empty");
    } else if (sources > 1) {
      errors.invalid(from, "", "may not have more than one field specified at a time");
    }
    if (v.configMapKeyRef) {
      if (v.configMapKeyRef->localObjectReference.name.empty())
        errors.required(from.child("configMapKeyRef").child("name"), "");
      if (v.configMapKeyRef->key.empty()) errors.required(from.child("configMapKeyRef").child("key"), "");
    }
    if (v.secretKeyRef) {
      if (v.secretKeyRef->localObjectReference.name.empty())
        errors.required(from.child("secretKeyRef").child("name"), "");
      if (v.secretKeyRef->key.empty()) errors.required(from.child("secretKeyRef").child("key"), "");
    }
    if (v.fieldRef && v.fieldRef->fieldPath.empty())
      errors.required(from.child("fieldRef").child("fieldPath"), "");
  }
}

void check_resources(const ResourceRequirements& r, const Path& at, FieldErrors& errors) {
  for (const auto& [name, limit] : r.limits)
    if (limit.negative())
      errors.invalid(at.child("limits").key(name), limit.text(), "must be greater than or equal to 0");
  for (const auto& [name, request] : r.requests) {
    if (request.negative())
      errors.invalid(at.child("requests").key(name), request.text(), "must be greater than or equal to 0");
    const auto* limit = r.limits.find(name);
    if (limit && request.compare(*limit) > 0)
      errors.invalid(at.child("requests"), request.text(),
                     "must be less than or equal to " + name + " limit of " + limit->text());
  }
}

void check_handler(const ProbeHandler& h, const Path& at, FieldErrors& errors) {
  const int handlers = !!h.exec + !!h.httpGet + !!h.tcpSocket + !!h.grpc;
  if (handlers == 0) errors.required(at, "must specify a handler type");
  if (handlers > 1) errors.forbidden(at, "may not specify more than 1 handler type");
  if (h.exec && h.exec->command.empty()) errors.required(at.child("exec").child("command"), "");
  const auto port = [&](const codec::IntOrString& p, const Path& where) {
    if (p.is_string) {
      check_messages(machinery::is_valid_port_name(p.text), where, p.text, errors);
    } else {
      for (const std::string& m : machinery::is_valid_port_num(p.number)) errors.invalid(where, p.number, m);
    }
  };
  if (h.httpGet) {
    if (h.httpGet->path.empty()) errors.required(at.child("httpGet").child("path"), "");
    port(h.httpGet->port, at.child("httpGet").child("port"));
    one_of(h.httpGet->scheme, at.child("httpGet").child("scheme"), {"HTTP", "HTTPS"}, errors);
  }
  if (h.tcpSocket) port(h.tcpSocket->port, at.child("tcpSocket").child("port"));
}

void check_probe(const codec::Box<Probe>& probe, const Path& at, bool liveness, FieldErrors& errors) {
  if (!probe) return;
  check_handler(probe->probeHandler, at, errors);
  const std::pair<const char*, int32_t> numbers[] = {{"initialDelaySeconds", probe->initialDelaySeconds},
                                                     {"timeoutSeconds", probe->timeoutSeconds},
                                                     {"periodSeconds", probe->periodSeconds},
                                                     {"successThreshold", probe->successThreshold},
                                                     {"failureThreshold", probe->failureThreshold}};
  for (const auto& [name, value] : numbers)
    if (value < 0) errors.invalid(at.child(name), value, "must be greater than or equal to 0");
  if (liveness && probe->successThreshold != 1)
    errors.invalid(at.child("successThreshold"), probe->successThreshold, "must be 1");
}

void check_mounts(const Container& c, const std::set<std::string>& volumes, const Path& at,
                  FieldErrors& errors) {
  std::set<std::string> paths;
  for (size_t i = 0; i < c.volumeMounts.size(); ++i) {
    const VolumeMount& m = c.volumeMounts[i];
    const Path here = at.index(i);
    if (m.name.empty()) {
      errors.required(here.child("name"), "");
    } else if (!volumes.contains(m.name)) {
      errors.not_found(here.child("name"), m.name);
    }
    if (m.mountPath.empty()) errors.required(here.child("mountPath"), "");
    if (!paths.insert(m.mountPath).second)
      errors.invalid(here.child("mountPath"), m.mountPath, "must be unique");
    const auto relative = [&](const std::string& path, const char* name) {
      if (path.starts_with("/")) errors.invalid(here.child(name), path, "must be a relative path");
      for (std::string_view part : split(path, '/'))
        if (part == "..") {
          errors.invalid(here.child(name), path, "must not contain '..'");
          break;
        }
    };
    if (!m.subPath.empty()) relative(m.subPath, "subPath");
    if (!m.subPathExpr.empty()) {
      if (!m.subPath.empty())
        errors.invalid(here.child("subPathExpr"), m.subPathExpr,
                       "subPathExpr and subPath are mutually exclusive");
      relative(m.subPathExpr, "subPathExpr");
    }
  }
}

void check_container(const Container& c, const std::set<std::string>& volumes, const Path& at, bool init,
                     FieldErrors& errors) {
  if (c.name.empty()) {
    errors.required(at.child("name"), "");
  } else {
    check_messages(machinery::is_dns1123_label(c.name), at.child("name"), c.name, errors);
  }
  if (c.image.empty()) {
    errors.required(at.child("image"), "");
  } else if (trim(c.image) != c.image) {
    errors.invalid(at.child("image"), c.image, "must not have leading or trailing whitespace");
  }
  one_of(c.imagePullPolicy, at.child("imagePullPolicy"), {"Always", "IfNotPresent", "Never"}, errors);
  one_of(c.terminationMessagePolicy, at.child("terminationMessagePolicy"), {"FallbackToLogsOnError", "File"},
         errors);
  check_ports(c.ports, at.child("ports"), errors);
  check_env(c.env, at.child("env"), errors);
  for (size_t i = 0; i < c.envFrom.size(); ++i) {
    const auto& e = c.envFrom[i];
    const Path here = at.child("envFrom").index(i);
    if (!e.prefix.empty())
      check_messages(machinery::is_relaxed_env_var_name(e.prefix), here.child("prefix"), e.prefix, errors);
    if (!e.configMapRef && !e.secretRef)
      errors.invalid(here, "", "must specify one of: `configMapRef` or `secretRef`");
    if (e.configMapRef && e.secretRef)
      errors.invalid(here, "", "may not have more than one field specified at a time");
    if (e.configMapRef && e.configMapRef->localObjectReference.name.empty())
      errors.required(here.child("configMapRef").child("name"), "");
    if (e.secretRef && e.secretRef->localObjectReference.name.empty())
      errors.required(here.child("secretRef").child("name"), "");
  }
  check_mounts(c, volumes, at.child("volumeMounts"), errors);
  check_resources(c.resources, at.child("resources"), errors);
  const bool sidecar = c.restartPolicy && *c.restartPolicy == "Always";
  if (init && !sidecar) {
    for (const auto& [probe, name] : {std::pair(&c.livenessProbe, "livenessProbe"),
                                      {&c.readinessProbe, "readinessProbe"},
                                      {&c.startupProbe, "startupProbe"}})
      if (*probe)
        errors.forbidden(at.child(name), "may not be set for init containers without restartPolicy=Always");
    if (c.lifecycle)
      errors.forbidden(at.child("lifecycle"),
                       "may not be set for init containers without restartPolicy=Always");
    return;
  }
  check_probe(c.livenessProbe, at.child("livenessProbe"), true, errors);
  check_probe(c.readinessProbe, at.child("readinessProbe"), false, errors);
  check_probe(c.startupProbe, at.child("startupProbe"), true, errors);
}

std::set<std::string> check_volumes(const std::vector<Volume>& volumes, const Path& at, FieldErrors& errors) {
  std::set<std::string> names;
  for (size_t i = 0; i < volumes.size(); ++i) {
    const Volume& v = volumes[i];
    const Path here = at.index(i);
    if (v.name.empty()) {
      errors.required(here.child("name"), "");
    } else {
      check_messages(machinery::is_dns1123_label(v.name), here.child("name"), v.name, errors);
    }
    if (!names.insert(v.name).second) errors.duplicate(here.child("name"), v.name);
    int sources = 0;
    for (const codec::Field& f : VolumeSource::descriptor().json)
      sources += codec::box_get(reinterpret_cast<const char*>(&v.volumeSource) + f.offset) != nullptr;
    if (sources == 0) errors.required(here, "must specify a volume type");
    if (sources > 1) errors.forbidden(here, "may not specify more than 1 volume type");
    const auto& s = v.volumeSource;
    if (s.hostPath) {
      if (s.hostPath->path.empty()) errors.required(here.child("hostPath").child("path"), "");
      for (std::string_view part : split(s.hostPath->path, '/'))
        if (part == "..")
          errors.invalid(here.child("hostPath").child("path"), s.hostPath->path, "must not contain '..'");
    }
    if (s.secret && s.secret->secretName.empty())
      errors.required(here.child("secret").child("secretName"), "");
    if (s.configMap && s.configMap->localObjectReference.name.empty())
      errors.required(here.child("configMap").child("name"), "");
    const auto items = [&](const std::vector<KeyToPath>& list, const Path& where) {
      for (size_t k = 0; k < list.size(); ++k) {
        if (list[k].key.empty()) errors.required(where.index(k).child("key"), "");
        if (list[k].path.empty()) errors.required(where.index(k).child("path"), "");
        if (list[k].path.starts_with("/"))
          errors.invalid(where.index(k).child("path"), list[k].path, "must be a relative path");
        if (list[k].path.starts_with(".."))
          errors.invalid(where.index(k).child("path"), list[k].path, "must not start with '..'");
      }
    };
    if (s.configMap) items(s.configMap->items, here.child("configMap").child("items"));
    if (s.secret) items(s.secret->items, here.child("secret").child("items"));
    if (s.emptyDir && s.emptyDir->sizeLimit && s.emptyDir->sizeLimit->negative())
      errors.forbidden(here.child("emptyDir").child("sizeLimit"),
                       "SizeLimit field must be a valid resource quantity");
  }
  return names;
}

void check_tolerations(const std::vector<Toleration>& tolerations, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const Toleration& t = tolerations[i];
    const Path here = at.index(i);
    if (!t.key.empty()) check_messages(machinery::is_qualified_name(t.key), here.child("key"), t.key, errors);
    if (t.key.empty() && t.operator_ != "Exists")
      errors.invalid(
          here.child("operator"), t.operator_,
          "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    if (t.tolerationSeconds && t.effect != "NoExecute")
      errors.invalid(here.child("effect"), t.effect,
                     "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (t.operator_ == "Exists" && !t.value.empty())
      errors.invalid(here, t.value, "value must be empty when `operator` is 'Exists'");
    if (t.operator_ != "Exists" && t.operator_ != "Equal" && !t.operator_.empty())
      errors.not_supported(here.child("operator"), t.operator_, {"Equal", "Exists"});
    if (!t.effect.empty() && t.effect != "NoSchedule" && t.effect != "PreferNoSchedule" &&
        t.effect != "NoExecute")
      errors.not_supported(here.child("effect"), t.effect, {"NoExecute", "NoSchedule", "PreferNoSchedule"});
  }
}

}  // namespace

void check_pod_spec(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  const auto volumes = check_volumes(spec.volumes, at.child("volumes"), errors);
  if (spec.containers.empty()) errors.required(at.child("containers"), "");
  std::set<std::string> names;
  const auto containers = [&](const std::vector<Container>& list, const char* name, bool init) {
    for (size_t i = 0; i < list.size(); ++i) {
      const Path here = at.child(name).index(i);
      check_container(list[i], volumes, here, init, errors);
      if (!list[i].name.empty() && !names.insert(list[i].name).second)
        errors.duplicate(here.child("name"), list[i].name);
    }
  };
  containers(spec.containers, "containers", false);
  containers(spec.initContainers, "initContainers", true);
  one_of(spec.restartPolicy, at.child("restartPolicy"), {"Always", "OnFailure", "Never"}, errors);
  one_of(spec.dnsPolicy, at.child("dnsPolicy"),
         {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}, errors);
  if (spec.dnsPolicy == "None" && (!spec.dnsConfig || spec.dnsConfig->nameservers.empty()))
    errors.required(at.child("dnsConfig").child("nameservers"),
                    "must provide at least one DNS nameserver when `dnsPolicy` is None");
  if (spec.terminationGracePeriodSeconds && *spec.terminationGracePeriodSeconds < 0)
    errors.invalid(at.child("terminationGracePeriodSeconds"), *spec.terminationGracePeriodSeconds,
                   "must be greater than or equal to 0");
  if (spec.activeDeadlineSeconds &&
      (*spec.activeDeadlineSeconds < 1 || *spec.activeDeadlineSeconds > INT32_MAX))
    errors.invalid(at.child("activeDeadlineSeconds"), *spec.activeDeadlineSeconds,
                   "must be between 1 and 2147483647, inclusive");
  check_labels(spec.nodeSelector, at.child("nodeSelector"), errors);
  if (!spec.serviceAccountName.empty())
    check_messages(machinery::is_dns1123_subdomain(spec.serviceAccountName), at.child("serviceAccountName"),
                   spec.serviceAccountName, errors);
  if (!spec.nodeName.empty())
    check_messages(machinery::is_dns1123_subdomain(spec.nodeName), at.child("nodeName"), spec.nodeName,
                   errors);
  if (!spec.hostname.empty())
    check_messages(machinery::is_dns1123_label(spec.hostname), at.child("hostname"), spec.hostname, errors);
  if (!spec.subdomain.empty())
    check_messages(machinery::is_dns1123_label(spec.subdomain), at.child("subdomain"), spec.subdomain,
                   errors);
  check_tolerations(spec.tolerations, at.child("tolerations"), errors);
  for (size_t i = 0; i < spec.hostAliases.size(); ++i)
    check_messages(machinery::is_valid_ip(spec.hostAliases[i].ip),
                   at.child("hostAliases").index(i).child("ip"), spec.hostAliases[i].ip, errors);
  if (spec.hostNetwork)
    for (size_t i = 0; i < spec.containers.size(); ++i)
      for (size_t k = 0; k < spec.containers[i].ports.size(); ++k) {
        const auto& p = spec.containers[i].ports[k];
        if (p.hostPort != 0 && p.hostPort != p.containerPort)
          errors.invalid(at.child("containers").index(i).child("ports").index(k).child("containerPort"),
                         p.containerPort, "must match `hostPort` when `hostNetwork` is true");
      }
}

void check_pod_template(const PodTemplateSpec& tmpl, const Path& at, FieldErrors& errors) {
  check_labels(tmpl.metadata.labels, at.child("metadata").child("labels"), errors);
  check_annotations(tmpl.metadata.annotations, at.child("metadata").child("annotations"), errors);
  check_pod_spec(tmpl.spec, at.child("spec"), errors);
}

void check_controller_template(const PodTemplateSpec& tmpl, const Path& at, FieldErrors& errors) {
  check_pod_template(tmpl, at, errors);
  if (tmpl.spec.restartPolicy != "Always")
    errors.not_supported(at.child("spec").child("restartPolicy"), tmpl.spec.restartPolicy, {"Always"});
  if (tmpl.spec.activeDeadlineSeconds)
    errors.forbidden(at.child("spec").child("activeDeadlineSeconds"),
                     "activeDeadlineSeconds in ReplicaSet is not Supported");
}

void check_pod_update(const Pod& pod, const Pod& old, FieldErrors& errors) {
  const Path at("spec");
  PodSpec allowed = old.spec;
  const auto images = [](std::vector<Container>& to, const std::vector<Container>& from) {
    for (size_t i = 0; i < to.size() && i < from.size(); ++i) to[i].image = from[i].image;
  };
  if (pod.spec.containers.size() != old.spec.containers.size()) {
    errors.forbidden(at.child("containers"), "pod updates may not add or remove containers");
    return;
  }
  images(allowed.containers, pod.spec.containers);
  images(allowed.initContainers, pod.spec.initContainers);
  allowed.activeDeadlineSeconds = pod.spec.activeDeadlineSeconds;
  if (old.spec.activeDeadlineSeconds &&
      (!pod.spec.activeDeadlineSeconds || *pod.spec.activeDeadlineSeconds > *old.spec.activeDeadlineSeconds))
    errors.invalid_raw(
        at.child("activeDeadlineSeconds"),
        pod.spec.activeDeadlineSeconds ? std::to_string(*pod.spec.activeDeadlineSeconds) : "null",
        "must not update from a positive integer to a larger or nil value");
  if (old.spec.terminationGracePeriodSeconds.value_or(0) < 0 &&
      pod.spec.terminationGracePeriodSeconds.value_or(0) == 1)
    allowed.terminationGracePeriodSeconds = 1;
  // Tolerations may be added, not taken away.
  bool kept = true;
  for (const auto& t : old.spec.tolerations)
    kept =
        kept &&
        std::any_of(pod.spec.tolerations.begin(), pod.spec.tolerations.end(), [&](const Toleration& n) {
          return n.key == t.key && n.operator_ == t.operator_ && n.value == t.value && n.effect == t.effect;
        });
  if (kept) allowed.tolerations = pod.spec.tolerations;
  // Gates may be taken away, not added.
  bool fewer = true;
  for (const auto& g : pod.spec.schedulingGates)
    fewer = fewer && std::any_of(old.spec.schedulingGates.begin(), old.spec.schedulingGates.end(),
                                 [&](const auto& o) { return o.name == g.name; });
  if (!fewer)
    errors.forbidden(at.child("schedulingGates"), "only deletion is allowed, but found new scheduling gate");
  allowed.schedulingGates = pod.spec.schedulingGates;
  allowed.serviceAccount = pod.spec.serviceAccount;
  if (!codec::equal(allowed, pod.spec))
    errors.forbidden(
        at,
        "pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
        "(allow it to be set to 1 if it was previously negative)");
}

}  // namespace mizzen::api
