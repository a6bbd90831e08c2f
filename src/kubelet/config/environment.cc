#include "kubelet/config/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using Map = std::map<std::string, std::string>;

std::string upper_name(const std::string& name) {
  std::string out;
  for (const char c : name)
    out.push_back(c == '-' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 32) : c);
  return out;
}

std::string upper(const std::string& text) { return upper_name(text); }

std::string host_port(const std::string& host, int32_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

void add_service(const v1::Service& s, std::vector<Variable>& out) {
  const std::string name = upper_name(s.metadata.name);
  const std::string& ip = s.spec.clusterIP;
  const auto& first = s.spec.ports.front();
  out.emplace_back(name + "_SERVICE_HOST", ip);
  out.emplace_back(name + "_SERVICE_PORT", fmt::format("{}", first.port));
  for (const auto& port : s.spec.ports) {
    if (!port.name.empty())
      out.emplace_back(name + "_SERVICE_PORT_" + upper_name(port.name), fmt::format("{}", port.port));
  }
  const auto url = [&](const v1::ServicePort& port) {
    const std::string protocol = port.protocol.empty() ? "TCP" : port.protocol;
    return fmt::format("{}://{}", to_lower(protocol), host_port(ip, port.port));
  };
  out.emplace_back(name + "_PORT", url(first));
  for (const auto& port : s.spec.ports) {
    const std::string protocol = port.protocol.empty() ? "TCP" : port.protocol;
    const std::string prefix = fmt::format("{}_PORT_{}_{}", name, port.port, upper(protocol));
    out.emplace_back(prefix, url(port));
    out.emplace_back(prefix + "_PROTO", to_lower(protocol));
    out.emplace_back(prefix + "_PORT", fmt::format("{}", port.port));
    out.emplace_back(prefix + "_ADDR", ip);
  }
}

/// What envFrom brings, and what of it was left out.
struct Bulk {
  const EnvironmentContext& context;
  Map& out;
  std::vector<std::string>& skipped;

  void take(const codec::Map<std::string>& data, const v1::EnvFromSource& source, std::string_view kind,
            const std::string& name) {
    std::vector<std::string> invalid;
    for (const auto& [key, value] : data) {
      const std::string full = source.prefix + key;
      if (!context.relaxed_names && !machinery::is_env_var_name(full).empty()) {
        invalid.push_back(full);
      } else {
        out[full] = value;
      }
    }
    if (invalid.empty()) return;
    std::sort(invalid.begin(), invalid.end());
    skipped.push_back(fmt::format(
        "Keys [{}] from the EnvFrom {} {}/{} were skipped since they are considered invalid environment "
        "variable names.",
        join(invalid, ", "), kind, context.pod.metadata.namespace_, name));
  }

  template <typename Object>
  Result<void> add(const v1::EnvFromSource& source, const Result<Object>& found, bool optional,
                   std::string_view kind, const std::string& name) {
    if (found.ok()) {
      take((*found)->data, source, kind, name);
    } else if (!optional || found.error().code() != Code::NotFound) {
      return found.error();
    }
    return {};
  }

  Result<void> add(const v1::EnvFromSource& source) {
    const std::string& ns = context.pod.metadata.namespace_;
    if (source.configMapRef) {
      const auto& name = source.configMapRef->localObjectReference.name;
      MZ_TRY(add(source, context.objects.config_map(ns, name), source.configMapRef->optional.value_or(false),
                 "configMap", name));
    } else if (source.secretRef) {
      const auto& name = source.secretRef->localObjectReference.name;
      MZ_TRY(add(source, context.objects.secret(ns, name), source.secretRef->optional.value_or(false),
                 "secret", name));
    }
    return {};
  }
};

/// A key of a config map or secret; nothing where it is optional and missing.
template <typename Selector, typename Object>
Result<std::optional<std::string>> key_of(const EnvironmentContext& c, const Selector& selector,
                                          const Result<Object>& found, std::string_view kind) {
  const bool optional = selector.optional.value_or(false);
  if (!found.ok()) {
    if (optional && found.error().code() == Code::NotFound) return std::optional<std::string>();
    return found.error();
  }
  if (const auto* value = (*found)->data.find(selector.key)) return std::optional<std::string>(*value);
  if (optional) return std::optional<std::string>();
  return Error(Code::NotFound, fmt::format("couldn't find key {} in {} {}/{}", selector.key, kind,
                                           c.pod.metadata.namespace_, selector.localObjectReference.name));
}

Result<std::optional<std::string>> value_from(const EnvironmentContext& c, const v1::EnvVarSource& source) {
  const std::string& ns = c.pod.metadata.namespace_;
  if (source.fieldRef) {
    MZ_ASSIGN(auto text, volumes::pod_field(c.pod, source.fieldRef->fieldPath));
    return std::optional<std::string>(std::move(text));
  }
  if (source.resourceFieldRef) {
    MZ_ASSIGN(auto text,
              volumes::resource_field(c.pod, c.container.name, *source.resourceFieldRef, c.allocatable));
    return std::optional<std::string>(std::move(text));
  }
  if (source.configMapKeyRef) {
    const auto& s = *source.configMapKeyRef;
    return key_of(c, s, c.objects.config_map(ns, s.localObjectReference.name), "ConfigMap");
  }
  if (source.secretKeyRef) {
    const auto& s = *source.secretKeyRef;
    return key_of(c, s, c.objects.secret(ns, s.localObjectReference.name), "Secret");
  }
  return Error(Code::BadRequest, "this source of a variable is not supported by this node yet");
}

}  // namespace

std::string expand(std::string_view text,
                   const std::function<const std::string*(const std::string&)>& lookup) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    if (text[i + 1] == '$') {
      out.push_back('$');
      ++i;
      continue;
    }
    const auto end = text[i + 1] == '(' ? text.find(')', i + 2) : std::string_view::npos;
    if (end == std::string_view::npos) {
      // Neither a reference nor an escape; Go's code copies the character that follows, too.
      out.push_back('$');
      out.push_back(text[i + 1]);
      ++i;
      continue;
    }
    const std::string name(text.substr(i + 2, end - i - 2));
    const std::string* value = lookup(name);
    out += value ? *value : fmt::format("$({})", name);
    i = end;
  }
  return out;
}

std::vector<Variable> service_variables(const Services& services, const std::string& namespace_, bool links) {
  std::map<std::string, const v1::Service*> chosen;
  for (const auto& s : services) {
    const bool headless = s->spec.clusterIP.empty() || s->spec.clusterIP == "None";
    if (headless || s->spec.ports.empty()) continue;
    const auto& meta = s->metadata;
    if (meta.namespace_ == namespace_ && links) {
      chosen[meta.name] = s.get();
    } else if (meta.namespace_ == "default" && meta.name == "kubernetes") {
      chosen.emplace(meta.name, s.get());
    }
  }
  std::vector<Variable> out;
  for (const auto& [name, service] : chosen) add_service(*service, out);
  return out;
}

Result<Environment> make_environment(const EnvironmentContext& c) {
  Map services;
  for (auto& [name, value] : service_variables(c.services, c.pod.metadata.namespace_,
                                               c.pod.spec.enableServiceLinks.value_or(true))) {
    services[name] = value;
  }
  Map own;
  Environment out;
  Bulk bulk{c, own, out.skipped};
  for (const auto& source : c.container.envFrom) MZ_TRY(bulk.add(source));
  const auto lookup = [&](const std::string& name) -> const std::string* {
    if (const auto found = own.find(name); found != own.end()) return &found->second;
    const auto found = services.find(name);
    return found == services.end() ? nullptr : &found->second;
  };
  for (const auto& variable : c.container.env) {
    if (!variable.valueFrom) {
      own[variable.name] = expand(variable.value, lookup);
      continue;
    }
    MZ_ASSIGN(auto value, value_from(c, *variable.valueFrom));
    if (value) own[variable.name] = std::move(*value);
  }
  for (auto& [name, value] : services) own.emplace(name, value);
  out.variables.assign(own.begin(), own.end());
  return out;
}

std::vector<std::string> expand_all(const std::vector<std::string>& words,
                                    const std::vector<Variable>& variables) {
  const Map map(variables.begin(), variables.end());
  std::vector<std::string> out;
  for (const auto& word : words) {
    out.push_back(expand(word, [&](const std::string& name) -> const std::string* {
      const auto found = map.find(name);
      return found == map.end() ? nullptr : &found->second;
    }));
  }
  return out;
}

Result<std::string> expand_path(const std::string& word, const std::vector<Variable>& variables) {
  const Map map(variables.begin(), variables.end());
  std::set<std::string> missing;
  auto out = expand(word, [&](const std::string& name) -> const std::string* {
    const auto found = map.find(name);
    if (found != map.end() && !found->second.empty()) return &found->second;
    missing.insert(name);
    return nullptr;
  });
  if (missing.empty()) return out;
  return Error(Code::BadRequest, "missing value for " + join({missing.begin(), missing.end()}, ", "));
}

}  // namespace mizzen::kubelet
