#include "network/cni/cni_config.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json/tree.h"
#include "network/protocol/cni_document.h"

namespace mizzen::network {
namespace {

using codec::Value;

std::string text_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v && v->is_string() ? v->text() : std::string();
}

int int_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v && v->is_number() ? parse_int<int>(v->text()).value_or(-1) : 0;
}

/// The same members with keys in lower case: containerd spells them HostPort, the specification hostPort, and
/// Go's decoder, which plug-ins are written with, takes both.
Value lower_keys(const Value& object) {
  Value out = Value::object();
  for (const auto& [key, value] : object.members()) out[to_lower(key)] = value;
  return out;
}

/// Mappings without a port of the node ask for nothing.
std::vector<HostPort> ports_from(const Value& config) {
  std::vector<HostPort> out;
  const Value* runtime = config.find("runtimeConfig");
  const Value* mappings = runtime && runtime->is_object() ? runtime->find("portMappings") : nullptr;
  if (!mappings || !mappings->is_array()) return out;
  for (const Value& mapping : mappings->items()) {
    if (!mapping.is_object()) continue;
    const Value m = lower_keys(mapping);
    HostPort port{.protocol = to_lower(text_at(m, "protocol")),
                  .host_port = int_at(m, "hostport"),
                  .container_port = int_at(m, "containerport"),
                  .host_ip = text_at(m, "hostip")};
    if (port.host_port != 0) out.push_back(std::move(port));
  }
  return out;
}

void read_valid(const Value& config, CniConfig& out) {
  const Value* list = config.find("cni.dev/valid-attachments");
  if (!list || !list->is_array()) return;
  out.names_valid = true;
  for (const Value& v : list->items())
    if (v.is_object()) out.valid.insert({text_at(v, "containerID"), text_at(v, "ifname")});
}

Value interface_of(const std::string& name, const std::string& mac, const std::string& sandbox) {
  Value out = Value::object();
  out["name"] = Value::string(name);
  if (!mac.empty()) out["mac"] = Value::string(mac);
  if (!sandbox.empty()) out["sandbox"] = Value::string(sandbox);
  return out;
}

Value ip_of(std::string_view version, const PodAddress& a) {
  Value out = Value::object();
  if (version.starts_with("0.")) out["version"] = Value::string("4");
  out["interface"] = Value::integer(2);
  out["address"] = Value::string(fmt::format("{}/{}", a.address, a.bits));
  out["gateway"] = Value::string(a.gateway);
  return out;
}

Value default_route(const PodAddress& a) {
  Value out = Value::object();
  out["dst"] = Value::string("0.0.0.0/0");
  out["gw"] = Value::string(a.gateway);
  return out;
}

}  // namespace

CniConfig parse_cni_config(std::string_view text) {
  CniConfig out;
  const auto document = Value::parse(text);
  if (!document.ok() || !document->is_object()) {
    out.problem = cni_failure("", kCniUndecodable, "the configuration is not a JSON object");
    return out;
  }
  out.version = text_at(*document, "cniVersion");
  if (!is_cni_version(out.version)) {
    out.problem = cni_failure("", kCniIncompatibleVersion,
                              fmt::format("cniVersion {} is not supported", quote(out.version)));
    return out;
  }
  out.ports = ports_from(*document);
  read_valid(*document, out);
  return out;
}

std::string pod_of_arguments(std::string_view arguments) {
  std::string space, name;
  for (const auto argument : split(arguments, ';')) {
    const size_t at = argument.find('=');
    if (at == std::string_view::npos) continue;
    if (argument.substr(0, at) == "K8S_POD_NAMESPACE") space = argument.substr(at + 1);
    if (argument.substr(0, at) == "K8S_POD_NAME") name = argument.substr(at + 1);
  }
  return name.empty() ? std::string() : space + "/" + name;
}

std::string cni_result(std::string_view version, const PodAttachment& pod, const NodeSettings& node) {
  Value out = Value::object();
  out["cniVersion"] = Value::string(std::string(version));
  out["interfaces"] = Value::array();
  out["interfaces"].items().push_back(interface_of(node.bridge, "", ""));
  out["interfaces"].items().push_back(interface_of(pod.host_interface, "", ""));
  out["interfaces"].items().push_back(interface_of(pod.key.interface, pod.mac, pod.network_namespace));
  out["ips"] = Value::array();
  out["routes"] = Value::array();
  for (const auto& a : pod.addresses) {
    out["ips"].items().push_back(ip_of(version, a));
    out["routes"].items().push_back(default_route(a));
  }
  out["dns"] = Value::object();
  return out.str();
}

}  // namespace mizzen::network
