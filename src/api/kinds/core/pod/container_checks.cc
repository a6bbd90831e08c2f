// Containers of every sort.
#include "api/kinds/core/pod/container_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/field_checks.h"
#include "api/checks/resource_checks.h"
#include "api/kinds/core/pod/pod_containers.h"
#include "api/kinds/core/pod/security_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kRestartRulesMax = 20;
constexpr size_t kExitCodesMax = 255;

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
      check_port(p.containerPort, here.child("containerPort"), errors);
    }
    if (p.hostPort != 0) check_port(p.hostPort, here.child("hostPort"), errors);
    check_one_of(p.protocol, here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
  }
}

void check_key_ref(const std::string& name, const std::string& key, const Path& at, FieldErrors& errors) {
  check_subdomain(name, at.child("name"), errors);
  if (key.empty()) return errors.required(at.child("key"), "");
  check_messages(machinery::is_config_map_key(key), at.child("key"), key, errors);
}

void check_file_ref(const FileKeySelector& ref, const Path& at, FieldErrors& errors) {
  if (ref.key.empty()) {
    errors.required(at.child("key"), "");
  } else {
    check_messages(machinery::is_relaxed_env_var_name(ref.key), at.child("key"), ref.key, errors);
  }
  if (ref.volumeName.empty()) {
    errors.required(at.child("volumeName"), "");
  } else {
    check_label(ref.volumeName, at.child("volumeName"), errors);
  }
  if (ref.path.empty()) return errors.required(at.child("path"), "");
  check_no_backsteps(ref.path, at.child("path"), errors);
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
    if (v.fieldRef) check_field_ref(*v.fieldRef, FieldRefPlace::Env, from.child("fieldRef"), errors);
    if (v.resourceFieldRef)
      check_resource_ref(*v.resourceFieldRef, FieldRefPlace::Env, from.child("resourceFieldRef"), errors);
    if (v.configMapKeyRef)
      check_key_ref(v.configMapKeyRef->localObjectReference.name, v.configMapKeyRef->key,
                    from.child("configMapKeyRef"), errors);
    if (v.secretKeyRef)
      check_key_ref(v.secretKeyRef->localObjectReference.name, v.secretKeyRef->key,
                    from.child("secretKeyRef"), errors);
    if (v.fileKeyRef) check_file_ref(*v.fileKeyRef, from.child("fileKeyRef"), errors);
    const int sources =
        !!v.fieldRef + !!v.resourceFieldRef + !!v.configMapKeyRef + !!v.secretKeyRef + !!v.fileKeyRef;
    if (sources == 0) {
      errors.invalid(from, "",
                     "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` "
                     "or `fileKeyRef`");
    } else if (!e.value.empty()) {
      errors.invalid(from, "", "may not be specified when `value` is not empty");
    } else if (sources > 1) {
      errors.invalid(from, "", "may not have more than one field specified at a time");
    }
  }
}

void check_env_from(const std::vector<EnvFromSource>& list, const Path& at, FieldErrors& errors) {
  const auto name = [&](const std::string& value, const Path& where) {
    if (value.empty()) return errors.required(where, "");
    // Checked as a prefix, which may end in a dash.
    std::string as_prefix = value;
    if (as_prefix.size() > 1 && as_prefix.back() == '-') as_prefix.back() = 'a';
    check_messages(machinery::is_dns1123_subdomain(as_prefix), where, value, errors);
  };
  for (size_t i = 0; i < list.size(); ++i) {
    const auto& e = list[i];
    const Path here = at.index(i);
    if (!e.prefix.empty())
      check_messages(machinery::is_relaxed_env_var_name(e.prefix), here.child("prefix"), e.prefix, errors);
    if (e.configMapRef)
      name(e.configMapRef->localObjectReference.name, here.child("configMapRef").child("name"));
    if (e.secretRef) name(e.secretRef->localObjectReference.name, here.child("secretRef").child("name"));
    if (!e.configMapRef && !e.secretRef)
      errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    if (e.configMapRef && e.secretRef)
      errors.invalid(at, "", "may not have more than one field specified at a time");
  }
}

void check_mounts(const Container& c, const VolumesByName& volumes, const Path& at, FieldErrors& errors) {
  const auto has_device = [&](auto matches) {
    return std::any_of(c.volumeDevices.begin(), c.volumeDevices.end(), matches);
  };
  std::set<std::string> paths;
  for (size_t i = 0; i < c.volumeMounts.size(); ++i) {
    const VolumeMount& m = c.volumeMounts[i];
    const Path here = at.index(i);
    if (m.name.empty()) errors.required(here.child("name"), "");
    if (!volumes.contains(m.name)) errors.not_found(here.child("name"), m.name);
    if (m.mountPath.empty()) errors.required(here.child("mountPath"), "");
    if (!paths.insert(m.mountPath).second)
      errors.invalid(here.child("mountPath"), m.mountPath, "must be unique");
    if (has_device([&](const VolumeDevice& d) { return d.name == m.name; }))
      errors.invalid(here.child("name"), m.name, "must not already exist in volumeDevices");
    if (has_device([&](const VolumeDevice& d) { return d.devicePath == m.mountPath; }))
      errors.invalid(here.child("mountPath"), m.mountPath,
                     "must not already exist as a path in volumeDevices");
    if (!m.subPath.empty()) check_descending_path(m.subPath, at.child("subPath"), errors);
    if (!m.subPathExpr.empty()) {
      if (!m.subPath.empty())
        errors.invalid(here.child("subPathExpr"), m.subPathExpr,
                       "subPathExpr and subPath are mutually exclusive");
      check_descending_path(m.subPathExpr, at.child("subPathExpr"), errors);
    }
    check_optional_of(m.mountPropagation, at.child("mountPropagation"),
                      {"Bidirectional", "HostToContainer", "None"}, errors);
    const bool privileged = c.securityContext && c.securityContext->privileged.value_or(false);
    if (m.mountPropagation && *m.mountPropagation == "Bidirectional" && !privileged)
      errors.forbidden(at.child("mountPropagation"),
                       "Bidirectional mount propagation is available only to privileged containers");
    const Path recursive = at.child("recursiveReadOnly");
    check_optional_of(m.recursiveReadOnly, recursive, {"Disabled", "Enabled", "IfPossible"}, errors);
    if (m.recursiveReadOnly && (*m.recursiveReadOnly == "Enabled" || *m.recursiveReadOnly == "IfPossible")) {
      if (!m.readOnly) errors.forbidden(recursive, "may only be specified when readOnly is true");
      if (m.mountPropagation && *m.mountPropagation != "None")
        errors.forbidden(recursive, "may only be specified when mountPropagation is None or not specified");
    }
  }
}

void check_devices(const Container& c, const VolumesByName& volumes, const Path& at, FieldErrors& errors) {
  const auto has_mount = [&](auto matches) {
    return std::any_of(c.volumeMounts.begin(), c.volumeMounts.end(), matches);
  };
  std::set<std::string> names, paths;
  for (size_t i = 0; i < c.volumeDevices.size(); ++i) {
    const VolumeDevice& d = c.volumeDevices[i];
    const Path name = at.index(i).child("name"), path = at.index(i).child("devicePath");
    const auto volume = volumes.find(d.name);
    if (d.name.empty()) errors.required(name, "");
    if (names.contains(d.name)) errors.invalid(name, d.name, "must be unique");
    if (volume == volumes.end()) {
      errors.not_found(name, d.name);
    } else if (!volume->second->persistentVolumeClaim && !volume->second->ephemeral) {
      errors.invalid(name, d.name,
                     "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (d.devicePath.empty()) errors.required(path, "");
    if (paths.contains(d.devicePath)) errors.invalid(path, d.devicePath, "must be unique");
    FieldErrors back;
    check_no_backsteps(d.devicePath, path, back);
    if (!back.empty()) {
      errors.invalid(path, d.devicePath, "can not contain backsteps ('..')");
    } else {
      paths.insert(d.devicePath);
    }
    if (has_mount([&](const VolumeMount& m) { return m.name == d.name; }))
      errors.invalid(name, d.name, "must not already exist in volumeMounts");
    if (has_mount([&](const VolumeMount& m) { return m.mountPath == d.devicePath; }))
      errors.invalid(path, d.devicePath, "must not already exist as a path in volumeMounts");
    if (!d.name.empty()) names.insert(d.name);
  }
}

void check_resize_policy(const std::vector<ContainerResizePolicy>& list, const std::string& pod_restart,
                         const Path& at, FieldErrors& errors) {
  std::set<std::string> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    const auto& p = list[i];
    if (!seen.insert(p.resourceName).second) errors.duplicate(at.index(i), p.resourceName);
    check_one_of(p.resourceName, at, {"cpu", "memory"}, errors);
    check_one_of(p.restartPolicy, at, {"NotRequired", "RestartContainer"}, errors);
    if (pod_restart == "Never" && p.restartPolicy != "NotRequired")
      errors.invalid(at, p.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}

/// What all sorts of containers have in common.
void check_common(const PodContext& pod, const Container& c, const Path& at, FieldErrors& errors) {
  if (c.name.empty()) {
    errors.required(at.child("name"), "");
  } else {
    check_label(c.name, at.child("name"), errors);
  }
  if (c.image.empty()) errors.required(at.child("image"), "");
  check_one_of(c.terminationMessagePolicy, at.child("terminationMessagePolicy"),
               {"File", "FallbackToLogsOnError"}, errors);
  check_ports(c.ports, at.child("ports"), errors);
  check_env(c.env, at.child("env"), errors);
  check_env_from(c.envFrom, at.child("envFrom"), errors);
  check_mounts(c, pod.volumes, at.child("volumeMounts"), errors);
  check_devices(c, pod.volumes, at.child("volumeDevices"), errors);
  check_one_of(c.imagePullPolicy, at.child("imagePullPolicy"), {"Always", "IfNotPresent", "Never"}, errors);
  check_resources(c.resources, pod.claims, at.child("resources"), errors);
  check_resize_policy(c.resizePolicy, pod.spec.restartPolicy, at.child("resizePolicy"), errors);
  check_container_security(c.securityContext, pod.host_users, at.child("securityContext"), errors);
}

/// The handlers of probes and of the lifecycle, of which exactly one may be there.
struct Handlers {
  const ExecAction* exec = nullptr;
  const HTTPGetAction* http = nullptr;
  const TCPSocketAction* tcp = nullptr;
  const GRPCAction* grpc = nullptr;
  const SleepAction* sleep = nullptr;
};

template <typename T>
const T* get(const codec::Box<T>& box) {
  return box ? &*box : nullptr;
}

void check_port_or_name(const codec::IntOrString& port, const Path& at, FieldErrors& errors) {
  if (!port.is_string) return check_port(port.number, at, errors);
  check_messages(machinery::is_valid_port_name(port.text), at, port.text, errors);
}

void check_handlers(const Handlers& h, std::optional<int64_t> grace, const Path& at, FieldErrors& errors) {
  int count = 0;
  const auto first = [&](bool there, const char* name) {
    if (there && count++ > 0) errors.forbidden(at.child(name), "may not specify more than 1 handler type");
    return there && count == 1;
  };
  if (first(h.exec != nullptr, "exec") && h.exec->command.empty())
    errors.required(at.child("exec").child("command"), "");
  if (first(h.http != nullptr, "httpGet")) {
    const Path here = at.child("httpGet");
    if (h.http->path.empty()) errors.required(here.child("path"), "");
    check_port_or_name(h.http->port, here.child("port"), errors);
    if (h.http->scheme != "HTTP" && h.http->scheme != "HTTPS")
      errors.not_supported(here.child("scheme"), h.http->scheme, {"HTTP", "HTTPS"});
    for (const auto& header : h.http->httpHeaders)
      check_messages(machinery::is_http_header_name(header.name), here.child("httpHeaders"), header.name,
                     errors);
  }
  if (first(h.tcp != nullptr, "tcpSocket"))
    check_port_or_name(h.tcp->port, at.child("tcpSocket").child("port"), errors);
  if (first(h.grpc != nullptr, "grpc")) check_port(h.grpc->port, at.child("grpc").child("port"), errors);
  if (first(h.sleep != nullptr, "sleep") && grace && (h.sleep->seconds < 0 || h.sleep->seconds > *grace))
    errors.invalid(
        at.child("sleep"), h.sleep->seconds,
        fmt::format("must be non-negative and less than terminationGracePeriodSeconds ({})", *grace));
  if (count == 0) errors.required(at, "must specify a handler type");
}

enum class ProbeKind : uint8_t { Liveness, Readiness, Startup };

void check_probe(const codec::Box<Probe>& probe, ProbeKind kind, std::optional<int64_t> grace, const Path& at,
                 FieldErrors& errors) {
  if (!probe) return;
  const ProbeHandler& h = probe->probeHandler;
  check_handlers({get(h.exec), get(h.httpGet), get(h.tcpSocket), get(h.grpc), nullptr}, grace, at, errors);
  check_non_negative(probe->initialDelaySeconds, at.child("initialDelaySeconds"), errors);
  check_non_negative(probe->timeoutSeconds, at.child("timeoutSeconds"), errors);
  check_non_negative(probe->periodSeconds, at.child("periodSeconds"), errors);
  check_non_negative(probe->successThreshold, at.child("successThreshold"), errors);
  check_non_negative(probe->failureThreshold, at.child("failureThreshold"), errors);
  const auto& own_grace = probe->terminationGracePeriodSeconds;
  if (own_grace && *own_grace <= 0)
    errors.invalid(at.child("terminationGracePeriodSeconds"), *own_grace, "must be greater than 0");
  if (kind == ProbeKind::Readiness) {
    if (own_grace)
      errors.invalid(at.child("terminationGracePeriodSeconds"), *own_grace,
                     "must not be set for readinessProbes");
  } else if (probe->successThreshold != 1) {
    errors.invalid(at.child("successThreshold"), probe->successThreshold, "must be 1");
  }
}

/// In byte order, as they are printed.
std::vector<std::string> linux_signals() {
  std::vector<std::string> out = {"SIGABRT",   "SIGALRM",   "SIGBUS",  "SIGCHLD", "SIGCLD",   "SIGCONT",
                                  "SIGFPE",    "SIGHUP",    "SIGILL",  "SIGINT",  "SIGIO",    "SIGIOT",
                                  "SIGKILL",   "SIGPIPE",   "SIGPOLL", "SIGPROF", "SIGPWR",   "SIGQUIT",
                                  "SIGSEGV",   "SIGSTKFLT", "SIGSTOP", "SIGSYS",  "SIGTERM",  "SIGTRAP",
                                  "SIGTSTP",   "SIGTTIN",   "SIGTTOU", "SIGURG",  "SIGUSR1",  "SIGUSR2",
                                  "SIGVTALRM", "SIGWINCH",  "SIGXCPU", "SIGXFSZ", "SIGRTMIN", "SIGRTMAX"};
  for (int i = 1; i <= 15; ++i) out.push_back(fmt::format("SIGRTMIN+{}", i));
  for (int i = 1; i <= 14; ++i) out.push_back(fmt::format("SIGRTMAX-{}", i));
  std::sort(out.begin(), out.end());
  return out;
}

void check_lifecycle(const Lifecycle& l, const PodSpec& spec, const Path& at, FieldErrors& errors) {
  const auto handler = [&](const codec::Box<LifecycleHandler>& h, const char* name) {
    if (!h) return;
    check_handlers({get(h->exec), get(h->httpGet), get(h->tcpSocket), nullptr, get(h->sleep)},
                   spec.terminationGracePeriodSeconds, at.child(name), errors);
  };
  handler(l.postStart, "postStart");
  handler(l.preStop, "preStop");
  if (!l.stopSignal) return;
  const Path where = at.child("stopSignal");
  if (!spec.os) return errors.forbidden(where, "may not be set for containers with empty `spec.os.name`");
  const std::vector<std::string> allowed =
      spec.os->name == "windows" ? std::vector<std::string>{"SIGKILL", "SIGTERM"} : linux_signals();
  if (std::find(allowed.begin(), allowed.end(), *l.stopSignal) == allowed.end())
    errors.not_supported(where, *l.stopSignal, allowed);
}

void check_restart(const Container& c, const Path& at, FieldErrors& errors) {
  const Path rules = at.child("restartPolicyRules");
  if (!c.restartPolicy) {
    if (c.restartPolicyRules.empty()) return;
    errors.required(at.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
  }
  check_optional_of(c.restartPolicy, at.child("restartPolicy"), {"Always", "Never", "OnFailure"}, errors);
  if (c.restartPolicyRules.size() > kRestartRulesMax)
    errors.too_many(rules, c.restartPolicyRules.size(), kRestartRulesMax);
  for (size_t i = 0; i < c.restartPolicyRules.size(); ++i) {
    const auto& rule = c.restartPolicyRules[i];
    if (rule.action != "Restart" && rule.action != "RestartAllContainers")
      errors.not_supported(rules.index(i).child("action"), rule.action, {"Restart", "RestartAllContainers"});
    const Path codes = rules.index(i).child("exitCodes");
    if (!rule.exitCodes) {
      errors.required(codes, "must be specified");
      continue;
    }
    const std::string& op = rule.exitCodes->operator_;
    if (op != "In" && op != "NotIn") errors.not_supported(codes.child("operator"), op, {"In", "NotIn"});
    if (rule.exitCodes->values.size() > kExitCodesMax)
      errors.too_many(codes.child("values"), rule.exitCodes->values.size(), kExitCodesMax);
  }
}

void check_probes(const Container& c, const PodSpec& spec, const Path& at, FieldErrors& errors) {
  const auto grace = spec.terminationGracePeriodSeconds;
  if (c.lifecycle) check_lifecycle(*c.lifecycle, spec, at.child("lifecycle"), errors);
  check_probe(c.livenessProbe, ProbeKind::Liveness, grace, at.child("livenessProbe"), errors);
  check_probe(c.readinessProbe, ProbeKind::Readiness, grace, at.child("readinessProbe"), errors);
  check_probe(c.startupProbe, ProbeKind::Startup, grace, at.child("startupProbe"), errors);
}

void check_host_ports(const Container& c, std::set<std::string>& taken, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < c.ports.size(); ++i) {
    const auto& p = c.ports[i];
    if (p.hostPort == 0) continue;
    std::string key = fmt::format("{}/{}/{}", p.protocol, p.hostIP, p.hostPort);
    const Path where = at.child("ports").index(i).child("hostPort");
    if (!taken.insert(key).second) errors.duplicate(where, key);
  }
}

void check_regular(const PodContext& pod, const Path& at, FieldErrors& errors) {
  const auto& list = pod.spec.containers;
  if (list.empty()) return errors.required(at, "");
  std::set<std::string> names, ports;
  for (size_t i = 0; i < list.size(); ++i) {
    const Path here = at.index(i);
    check_common(pod, list[i], here, errors);
    if (!names.insert(list[i].name).second) errors.duplicate(here.child("name"), list[i].name);
    check_probes(list[i], pod.spec, here, errors);
    check_restart(list[i], here, errors);
  }
  for (size_t i = 0; i < list.size(); ++i) check_host_ports(list[i], ports, at.index(i), errors);
}

void check_init(const PodContext& pod, const Path& at, FieldErrors& errors) {
  std::set<std::string> names;
  for (const Container& c : pod.spec.containers) names.insert(c.name);
  const auto& list = pod.spec.initContainers;
  for (size_t i = 0; i < list.size(); ++i) {
    const Container& c = list[i];
    const Path here = at.index(i);
    check_common(pod, c, here, errors);
    check_restart(c, here, errors);
    const bool sidecar = c.restartPolicy && *c.restartPolicy == "Always";
    if (names.contains(c.name)) {
      errors.duplicate(here.child("name"), c.name);
    } else if (!c.name.empty()) {
      names.insert(c.name);
    }
    // One after the other they may share ports; upstream tells of them under the first index.
    std::set<std::string> ports;
    check_host_ports(c, ports, at.index(0), errors);
    if (sidecar) {
      check_probes(c, pod.spec, here, errors);
      continue;
    }
    const auto none = [&](bool set, const char* name) {
      if (set)
        errors.forbidden(here.child(name), "may not be set for init containers without restartPolicy=Always");
    };
    none(!!c.lifecycle, "lifecycle");
    none(!!c.livenessProbe, "livenessProbe");
    none(!!c.readinessProbe, "readinessProbe");
    none(!!c.startupProbe, "startupProbe");
    for (size_t k = 0; k < c.resizePolicy.size(); ++k)
      if (c.resizePolicy[k].restartPolicy == "RestartContainer")
        errors.invalid(here.child("resizePolicy").index(k).child("restartPolicy"), "RestartContainer",
                       "must not be set to 'RestartContainer' for non-sidecar initContainers");
  }
}

void check_ephemeral(const PodContext& pod, const Path& at, FieldErrors& errors) {
  std::set<std::string> others;
  for (const auto& c : made_containers_of(pod.spec)) others.insert(c.spec.name);
  std::set<std::string> names = others;
  for (size_t i = 0; i < pod.spec.ephemeralContainers.size(); ++i) {
    const EphemeralContainer& e = pod.spec.ephemeralContainers[i];
    const Path here = at.index(i);
    const Container& c = e.ephemeralContainerCommon;
    check_common(pod, c, here, errors);
    if (trim(c.image) != c.image)
      errors.invalid(here.child("image"), c.image, "must not have leading or trailing whitespace");
    if (!names.insert(c.name).second) errors.duplicate(here.child("name"), c.name);
    if (!e.targetContainerName.empty() && !others.contains(e.targetContainerName))
      errors.not_found(here.child("targetContainerName"), e.targetContainerName);
    const auto none = [&](bool set, const Path& where) {
      if (set) errors.forbidden(where, "cannot be set for an Ephemeral Container");
    };
    none(!c.ports.empty(), here.child("ports"));
    none(!codec::is_empty(ResourceRequirements::descriptor(), &c.resources), here.child("resources"));
    none(!c.resizePolicy.empty(), here.child("resizePolicy"));
    none(c.restartPolicy.has_value(), here.child("restartPolicy"));
    none(!c.restartPolicyRules.empty(), here.child("restartPolicyRules"));
    none(!!c.livenessProbe, here.child("livenessProbe"));
    none(!!c.readinessProbe, here.child("readinessProbe"));
    none(!!c.startupProbe, here.child("startupProbe"));
    none(!!c.lifecycle, here.child("lifecycle"));
    for (size_t k = 0; k < c.volumeMounts.size(); ++k) {
      none(!c.volumeMounts[k].subPath.empty(), here.child("volumeMounts").index(k).child("subPath"));
      none(!c.volumeMounts[k].subPathExpr.empty(), here.child("volumeMounts").index(k).child("subPathExpr"));
    }
  }
}

}  // namespace

void check_containers(const PodContext& pod, const Path& at, FieldErrors& errors) {
  check_regular(pod, at.child("containers"), errors);
  check_init(pod, at.child("initContainers"), errors);
  check_ephemeral(pod, at.child("ephemeralContainers"), errors);
}

}  // namespace mizzen::api
