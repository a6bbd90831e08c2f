#include "apps/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "apps/config_file.h"
#include "base/duration.h"
#include "base/version.h"
#include "telemetry/log.h"

namespace mizzen::apps {

namespace {

/// A flag that takes a duration as upstream's do.
void add_duration(CLI::App& command, const std::string& name, Duration& value, const std::string& help) {
  command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = parse_duration(text).value_or(value); }, help)
      ->check([](const std::string& text) {
        const auto parsed = parse_duration(text);
        return parsed.ok() ? std::string() : parsed.error().message();
      });
}

void add_node_flags(CLI::App& command, NodeOptions& node) {
  command.add_option("--node-name", node.node_name, "Name of this node; default: the host name");
  command.add_option("--node-ip", node.node_ip, "Address of this node; default: that of the default route");
  command.add_option("--kubelet-port", node.kubelet_port, "Port of the node's HTTPS server")
      ->capture_default_str();
  command.add_option("--pod-cidr", node.pod_cidr, "IPv4 range of this node's pods")->capture_default_str();
  command.add_option("--cluster-cidr", node.cluster_cidr, "IPv4 range of all pods")->capture_default_str();
  command.add_option("--bridge", node.bridge, "Name of the bridge that pods are connected to")
      ->capture_default_str();
  command.add_option("--nft-table", node.nft_table, "Name of the nftables table")->capture_default_str();
  command.add_option("--cgroup-root", node.cgroup_root, "Control group of all pods")->capture_default_str();
  command
      .add_option("--cluster-dns", node.cluster_dns, "DNS servers that pods are told; default: the machine's")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--cluster-domain", node.cluster_domain, "DNS domain of the cluster")
      ->capture_default_str();
  command.add_option(
      "--container-runtime-endpoint", node.container_runtime_endpoint,
      "CRI socket (unix:///...) of a runtime that is there already; default: a containerd of our own");
  command.add_option("--registry-hosts", node.registry_hosts,
                     "Folder with hosts.toml files of registry mirrors");
  command.add_option(
      "--pod-infra-container-image", node.sandbox_image,
      "Image of the process that holds a pod's namespaces; default: our own, which needs no registry");
  command
      .add_option("--feature-gates", node.feature_gates,
                  "NAME=true|false, separated by commas; known: RelaxedEnvironmentVariableValidation (true)")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--container-log-max-size", node.container_log_max_size,
                  "Size at which a container's log is rotated")
      ->capture_default_str();
  command
      .add_option("--container-log-max-files", node.container_log_max_files,
                  "Log files kept of each container, at least 2")
      ->capture_default_str();
  command.add_option("--max-pods", node.max_pods, "Most pods this node runs")->capture_default_str();
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Mizzen: Kubernetes in one small program.", "mizzen");
  app.require_subcommand(1);
  // Of a flag given twice the last one counts: that is how flags win over the configuration file.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_help_all_flag("--help-all", "Help for every role");

  CLI::App* version = app.add_subcommand("version", "Print version, commit and compiler");

  ServerOptions options;
  CLI::App* server = app.add_subcommand("server", "Run the control plane, and a node unless told otherwise");
  std::string config;  // taken out of the words before they are parsed
  server->add_option("--config", config, "YAML file whose keys are these flags; flags win");
  server->add_option("--data-dir", options.data_dir, "Where everything is kept")->capture_default_str();
  server->add_option("--store", options.store, "embedded, memory, or etcd://host:port")
      ->capture_default_str();
  server->add_option("--etcd-cafile", options.etcd_ca_file,
                     "Authority that etcd's certificate is checked against");
  server->add_option("--etcd-certfile", options.etcd_certificate_file, "Client certificate for etcd");
  server->add_option("--etcd-keyfile", options.etcd_key_file, "Key of the client certificate for etcd");
  server->add_option("--bind-address", options.bind_address, "Address the API listens on")
      ->capture_default_str();
  server->add_option("--secure-port", options.secure_port, "Port of the API")->capture_default_str();
  server
      ->add_option("--tls-san", options.tls_san,
                   "Further names and addresses for the serving certificate; the first goes into kubeconfig")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  server
      ->add_option("--service-cluster-ip-range", options.service_cidr,
                   "range of services, or one of each IP family with a comma between")
      ->capture_default_str();
  add_duration(*server, "--node-monitor-grace-period", options.node_monitor_grace_period,
               "A node that gives no sign of life for this long is Unknown; default 50s");
  server
      ->add_option("--terminated-pod-gc-threshold", options.terminated_pod_gc_threshold,
                   "How many finished pods are kept; 0 keeps all")
      ->capture_default_str();
  server
      ->add_option(
          "--leader-elect", options.leader_elect,
          "Controllers and scheduler act only while this server leads; default: where the store is etcd")
      ->type_name("BOOLEAN");
  add_duration(*server, "--leader-elect-lease-duration", options.election.lease,
               "Others wait for so long before they take over; default 15s");
  add_duration(*server, "--leader-elect-renew-deadline", options.election.renew_deadline,
               "A leader that cannot renew its lease for so long stops acting; default 10s");
  add_duration(*server, "--leader-elect-retry-period", options.election.retry,
               "Between two looks at the lease; default 2s");
  server->add_flag("--disable-node", options.disable_node, "Run no pods on this machine");
  add_node_flags(*server, options.node);
  server->add_option("-v,--v", options.verbosity, "Log verbosity")->capture_default_str();
  server->add_option("--logging-format", options.logging_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();

  NodeOptions gone;
  CLI::App* down = app.add_subcommand(
      "down", "Take pods, containerd, links, rules and mounts of a stopped server off this machine");
  down->add_option("--data-dir", gone.data_dir, "The data folder of the server")->capture_default_str();
  add_node_flags(*down, gone);

  std::set<std::string> flags;
  for (const CLI::Option* option : server->get_options())
    for (const std::string& name : option->get_lnames()) flags.insert(name);
  auto words = with_config_file({argv + 1, argv + argc}, flags);
  if (!words.ok()) {
    std::fprintf(stderr, "mizzen: %s\n", words.error().message().c_str());
    return 1;
  }
  try {
    std::reverse(words->begin(), words->end());  // as CLI11 wants them
    app.parse(std::move(*words));
  } catch (const CLI::ParseError& e) {               // CLI11 speaks in exceptions; they end here
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    std::fprintf(stderr, "mizzen: %s (mizzen %s--help tells what there is)\n", e.what(),
                 server->parsed() ? "server " : "");
    return 1;
  }
  if (version->parsed()) {
    std::printf("mizzen %.*s (commit %.*s, %.*s, %.*s), serves Kubernetes v1.36\n",
                static_cast<int>(kVersion.size()), kVersion.data(), static_cast<int>(kCommit.size()),
                kCommit.data(), static_cast<int>(kBuildDate.size()), kBuildDate.data(),
                static_cast<int>(kCompiler.size()), kCompiler.data());
    return 0;
  }
  log::configure(
      {options.logging_format == "json" ? log::Format::Json : log::Format::Text, options.verbosity, 2});
  options.node.data_dir = options.data_dir;
  const auto result = down->parsed() ? NodeRole::down(gone) : run_server(options);
  if (result.ok()) return 0;
  std::fprintf(stderr, "mizzen: %s\n", result.error().message().c_str());
  return 1;
}

}  // namespace mizzen::apps
