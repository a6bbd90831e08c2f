#include "network/cni/cni.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/strings.h"
#include "codec/json/tree.h"
#include "linux/files/file.h"
#include "linux/net/net_links.h"

namespace mizzen::network {
namespace {

using codec::Value;

constexpr size_t kConfigBytesMax = 1u << 20;
constexpr std::array<std::string_view, 4> kVersions = {"0.3.0", "0.3.1", "0.4.0", "1.0.0"};

/// Error codes of the CNI specification; from 100 on they are the plug-in's own.
enum CniCode {
  kIncompatibleVersion = 1,
  kInvalidEnvironment = 4,
  kUndecodable = 6,
  kInvalidConfig = 7,
  kTryAgain = 11,
  kFailed = 100
};

std::string text_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v && v->is_string() ? v->text() : std::string();
}

int int_at(const Value& object, std::string_view key, int otherwise) {
  const Value* v = object.find(key);
  return v && v->is_number() ? parse_int<int>(v->text()).value_or(otherwise) : otherwise;
}

CniAnswer failure(const std::string& version, int code, const std::string& message) {
  Value out = Value::object();
  out["cniVersion"] = Value::string(version.empty() ? "1.0.0" : version);
  out["code"] = Value::integer(code);
  out["msg"] = Value::string(message);
  return {out.str(), 1};
}

CniAnswer failure(const std::string& version, const Error& error) {
  const int code = error.code() == Code::BadRequest        ? kInvalidConfig
                   : error.code() == Code::TooManyRequests ? kTryAgain
                                                           : kFailed;
  return failure(version, code, error.message());
}

NetworkOptions options_from(const Value& config) {
  NetworkOptions out;
  const auto take = [&](std::string& into, std::string_view key) {
    if (auto text = text_at(config, key); !text.empty()) into = std::move(text);
  };
  take(out.bridge, "bridge");
  take(out.table, "table");
  take(out.pod_range, "podRange");
  take(out.cluster_range, "clusterRange");
  take(out.data_folder, "dataFolder");
  out.mtu = int_at(config, "mtu", out.mtu);
  return out;
}

/// The same members with keys in lower case: containerd spells them HostPort, the specification hostPort, and
/// Go's decoder, which plug-ins are written with, takes both.
Value lower_keys(const Value& object) {
  Value out = Value::object();
  for (const auto& [key, value] : object.members()) out[to_lower(key)] = value;
  return out;
}

std::vector<HostPort> ports_from(const Value& config) {
  std::vector<HostPort> out;
  const Value* runtime = config.find("runtimeConfig");
  const Value* mappings = runtime && runtime->is_object() ? runtime->find("portMappings") : nullptr;
  if (!mappings || !mappings->is_array()) return out;
  for (const Value& mapping : mappings->items()) {
    if (!mapping.is_object()) continue;
    const Value m = lower_keys(mapping);
    out.push_back({.protocol = to_lower(text_at(m, "protocol")),
                   .host_port = int_at(m, "hostport", 0),
                   .container_port = int_at(m, "containerport", 0),
                   .host_ip = text_at(m, "hostip")});
  }
  return out;
}

Value interface_of(const std::string& name, const std::string& mac, const std::string& sandbox) {
  Value out = Value::object();
  out["name"] = Value::string(name);
  if (!mac.empty()) out["mac"] = Value::string(mac);
  if (!sandbox.empty()) out["sandbox"] = Value::string(sandbox);
  return out;
}

Value ip_of(const std::string& version, const std::string& prefix, const std::string& gateway,
            int interface) {
  Value out = Value::object();
  if (version != "1.0.0") out["version"] = Value::string("4");
  out["interface"] = Value::integer(interface);
  out["address"] = Value::string(prefix);
  if (!gateway.empty()) out["gateway"] = Value::string(gateway);
  return out;
}

std::string result_of(const std::string& version, const Attachment& a, const NetworkOptions& options,
                      const std::string& sandbox) {
  Value out = Value::object();
  out["cniVersion"] = Value::string(version);
  out["interfaces"] = Value::array();
  out["interfaces"].items().push_back(interface_of(options.bridge, "", ""));
  out["interfaces"].items().push_back(interface_of(a.host_interface, "", ""));
  out["interfaces"].items().push_back(interface_of(a.interface, a.mac, sandbox));
  out["ips"] = Value::array();
  out["ips"].items().push_back(ip_of(version, fmt::format("{}/{}", a.address, a.bits), a.gateway, 2));
  Value route = Value::object();
  route["dst"] = Value::string("0.0.0.0/0");
  route["gw"] = Value::string(a.gateway);
  out["routes"] = Value::array();
  out["routes"].items().push_back(std::move(route));
  out["dns"] = Value::object();
  return out.str();
}

CniAnswer loopback_call(const CniEnvironment& env, const std::string& version) {
  if (env.command != "ADD") return {};  // the interface goes with its namespace
  auto done = linux::in_network_namespace(env.network_namespace, [] { return linux::set_loopback_up(); });
  if (!done.ok()) return failure(version, done.error());
  Value out = Value::object();
  out["cniVersion"] = Value::string(version);
  out["interfaces"] = Value::array();
  out["interfaces"].items().push_back(
      interface_of(env.interface, "00:00:00:00:00:00", env.network_namespace));
  out["ips"] = Value::array();
  out["ips"].items().push_back(ip_of(version, "127.0.0.1/8", "", 0));
  out["dns"] = Value::object();
  return {out.str(), 0};
}

CniAnswer pod_call(const CniEnvironment& env, const CniConfig& config) {
  const auto& [version, options, ports, problem] = config;
  auto network = PodNetwork::create(options);
  if (!network.ok()) return failure(version, network.error());
  if (env.command == "ADD") {
    auto attached = network->attach(env.container_id, env.network_namespace, env.interface, ports);
    if (!attached.ok()) return failure(version, attached.error());
    return {result_of(version, *attached, options, env.network_namespace), 0};
  }
  const auto done = env.command == "DEL"
                        ? network->detach(env.container_id, env.interface)
                        : network->check(env.container_id, env.network_namespace, env.interface);
  return done.ok() ? CniAnswer{} : failure(version, done.error());
}

std::string version_document() {
  Value out = Value::object();
  out["cniVersion"] = Value::string("1.0.0");
  out["supportedVersions"] = Value::array();
  for (const auto v : kVersions) out["supportedVersions"].items().push_back(Value::string(std::string(v)));
  return out.str();
}

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value ? value : "";
}

std::string read_stdin() {
  std::string out;
  char buffer[4096];
  while (out.size() < kConfigBytesMax) {
    const ssize_t n = ::read(0, buffer, sizeof buffer);
    if (n <= 0) break;
    out.append(buffer, static_cast<size_t>(n));
  }
  return out;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

CniConfig parse_cni_config(std::string_view text) {
  CniConfig out;
  const auto document = Value::parse(text);
  if (!document.ok() || !document->is_object()) {
    out.problem = failure("", kUndecodable, "the configuration is not a JSON object");
    return out;
  }
  out.version = text_at(*document, "cniVersion");
  if (std::find(kVersions.begin(), kVersions.end(), out.version) == kVersions.end()) {
    out.problem =
        failure("", kIncompatibleVersion, fmt::format("cniVersion {} is not supported", quote(out.version)));
    return out;
  }
  out.options = options_from(*document);
  out.ports = ports_from(*document);
  return out;
}

CniAnswer cni_call(const CniEnvironment& env, std::string_view config_text, bool loopback) {
  if (env.command == "VERSION") return {version_document(), 0};
  const auto config = parse_cni_config(config_text);
  if (config.problem.exit_code != 0) return config.problem;
  const auto& version = config.version;
  if (env.command != "ADD" && env.command != "DEL" && env.command != "CHECK") {
    return failure(version, kInvalidEnvironment,
                   fmt::format("CNI_COMMAND {} is not supported", quote(env.command)));
  }
  const bool needs_namespace = env.command != "DEL";
  if (env.container_id.empty() || env.interface.empty() ||
      (needs_namespace && env.network_namespace.empty())) {
    return failure(version, kInvalidEnvironment, "CNI_CONTAINERID, CNI_NETNS and CNI_IFNAME are required");
  }
  if (env.interface.size() > 15)
    return failure(version, kInvalidEnvironment, "CNI_IFNAME is longer than 15 characters");
  return loopback ? loopback_call(env, version) : pod_call(env, config);
}

bool is_cni_name(std::string_view program) {
  const auto name = base_name(program);
  return name == "mizzen-cni" || name == "loopback";
}

int cni_main(int argc, char** argv) {
  const bool loopback = argc > 0 && base_name(argv[0]) == "loopback";
  const CniEnvironment env{.command = environment("CNI_COMMAND"),
                           .container_id = environment("CNI_CONTAINERID"),
                           .network_namespace = environment("CNI_NETNS"),
                           .interface = environment("CNI_IFNAME")};
  const auto answer = cni_call(env, read_stdin(), loopback);
  std::fwrite(answer.output.data(), 1, answer.output.size(), stdout);
  std::fflush(stdout);
  return answer.exit_code;
}

std::string cni_config_list(const NetworkOptions& o) {
  Value plugin = Value::object();
  plugin["type"] = Value::string("mizzen-cni");
  plugin["bridge"] = Value::string(o.bridge);
  plugin["table"] = Value::string(o.table);
  plugin["podRange"] = Value::string(o.pod_range);
  plugin["clusterRange"] = Value::string(o.cluster_range);
  plugin["mtu"] = Value::integer(o.mtu);
  plugin["dataFolder"] = Value::string(o.data_folder);
  plugin["capabilities"]["portMappings"] = Value::boolean(true);
  Value out = Value::object();
  out["cniVersion"] = Value::string("0.4.0");
  out["name"] = Value::string(o.table);  // and so of what the runtime remembers of calls
  out["plugins"] = Value::array();
  out["plugins"].items().push_back(std::move(plugin));
  return out.str();
}

Result<void> remove_cni_results(const NetworkOptions& options, const std::string& folder) {
  const auto names = linux::list_folder(folder);
  if (!names.ok()) return {};
  const std::string ours = options.table + "-";
  for (const auto& name : *names) {
    if (!name.starts_with(ours)) continue;
    // NETWORK-CONTAINER-INTERFACE; the loopback's stands beside it.
    const auto id = name.substr(ours.size(), name.rfind('-') - ours.size());
    if (id.find('-') != std::string::npos) continue;  // of a table whose name begins as ours does
    MZ_TRY(linux::remove_all(folder + "/" + name));
    MZ_TRY(linux::remove_all(fmt::format("{}/cni-loopback-{}-lo", folder, id)));
  }
  // Others may have theirs there: only what is empty goes.
  if (::rmdir(folder.c_str()) == 0) ::rmdir(folder.substr(0, folder.rfind('/')).c_str());
  return {};
}

Result<void> install_cni(const NetworkOptions& options, const std::string& program,
                         const std::string& conf_folder, const std::string& bin_folder) {
  MZ_TRY(make_folders(bin_folder, 0755));
  MZ_TRY(make_folders(conf_folder, 0755));
  for (const char* name : {"mizzen-cni", "loopback"}) {
    const std::string link = bin_folder + "/" + name;
    ::unlink(link.c_str());
    if (::symlink(program.c_str(), link.c_str()) != 0) return system_error("link " + link, errno);
  }
  return write_file(conf_folder + "/10-mizzen.conflist", cni_config_list(options), 0644);
}

}  // namespace mizzen::network
