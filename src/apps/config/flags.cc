#include "apps/config/flags.h"

#include <filesystem>

#include "apps/config/duration_flag.h"

namespace mizzen::apps {
namespace {

/// A URL of etcd as --store has it; empty where it is none.
std::string etcd_store(const std::string& url) {
  if (url.find(',') != std::string::npos) return "";
  for (const std::string scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme) || url.size() == scheme.size()) continue;
    std::string address = url.substr(scheme.size());
    while (address.ends_with('/')) address.pop_back();
    return "etcd://" + address;
  }
  return "";
}

void add_eviction_flags(CLI::App& command, NodeOptions& node) {
  command
      .add_option(
          "--eviction-hard", node.eviction.hard,
          "Thresholds (SIGNAL<AMOUNT or SIGNAL<N%, separated by commas) below which pods are evicted at once")
      ->capture_default_str();
  command.add_option("--eviction-soft", node.eviction.soft,
                     "Thresholds below which pods are evicted after a grace period");
  command.add_option("--eviction-soft-grace-period", node.eviction.soft_grace_period,
                     "SIGNAL=DURATION for each soft threshold");
  command.add_option("--eviction-minimum-reclaim", node.eviction.minimum_reclaim,
                     "SIGNAL=AMOUNT: how much more than its threshold is made free");
  add_duration(command, "--eviction-pressure-transition-period", node.eviction_pressure_transition,
               "How long a pressure of the node is told after its cause has gone; default 5m");
  command
      .add_option("--eviction-max-pod-grace-period", node.eviction_max_pod_grace_s,
                  "Most seconds that a pod gets that a soft threshold evicts; negative: its own grace period")
      ->capture_default_str();
  add_duration(command, "--volume-stats-agg-period", node.volume_stats_every,
               "How often it is looked at what pods have stored; default 1m");
}

}  // namespace

CLI::Validator from_here() {
  return {[](std::string& path) {
            if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal().string();
            return std::string();
          },
          ""};
}

void add_node_flags(CLI::App& command, NodeOptions& node) {
  command.add_option("--node-name,--hostname-override", node.node_name,
                     "Name of this node; default: the host name");
  command.add_option("--node-ip", node.node_ip, "Address of this node; default: that of the default route");
  command.add_option("--kubelet-port,--port", node.kubelet_port, "Port of the node's HTTPS server")
      ->capture_default_str();
  command
      .add_option("--root-dir", node.root_dir,
                  "Where pods' volumes and logs stand; default: kubelet below --data-dir")
      ->transform(from_here());
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
      "--container-runtime-endpoint,--docker-endpoint", node.container_runtime_endpoint,
      "CRI socket (unix:///...) of a runtime that is there already; default: a containerd of our own");
  command.add_option("--registry-hosts", node.registry_hosts,
                     "Folder with hosts.toml files of registry mirrors");
  command.add_option(
      "--pod-infra-container-image,--network-container-image", node.sandbox_image,
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
  add_eviction_flags(command, node);
  command
      .add_option("--pod-manifest-path", node.pod_manifest_path,
                  "Manifest of a static pod, or a folder of them; default: none")
      ->transform(from_here());
  command
      .add_option("--early-probes", node.early_probes,
                  "Look again soon where a container's first readiness or startup probe failed")
      ->capture_default_str();
  add_duration(command, "--file-check-frequency", node.file_check_frequency,
               "How often manifests are looked at whose changes the kernel does not tell; default 20s");
  command.add_option("--manifest-url", node.manifest_url, "URL of manifests of static pods; default: none");
  command
      .add_option("--manifest-url-header", node.manifest_url_headers,
                  "NAME:VALUE of headers that --manifest-url is asked with, separated by commas")
      ->delimiter(',')
      ->check([](const std::string& text) {
        return text.find(':') == std::string::npos ? "must be NAME:VALUE" : std::string();
      })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_duration(command, "--http-check-frequency", node.http_check_frequency,
               "How often --manifest-url is asked for; default 20s");
  command
      .add_option("--kubelet-address,--address", node.kubelet_address, "Address of the node's HTTPS server")
      ->capture_default_str();
  command
      .add_option("--enable-debugging-handlers", node.enable_debugging_handlers,
                  "That server has logs, exec, attach, port-forward and run, and takes pushed manifests")
      ->capture_default_str();
  command
      .add_option("--allow-privileged", node.allow_privileged,
                  "Containers may be privileged; else their pods are refused")
      ->capture_default_str();
  command
      .add_option("--enable-server", node.enable_server,
                  "The node has an HTTPS server: logs, exec, pushed manifests")
      ->capture_default_str();
}

void add_api_flags(CLI::App& command, ApiOptions& api) {
  command.add_option("--data-dir", api.data_dir, "Where everything is kept")
      ->capture_default_str()
      ->transform(from_here());
  command.add_option("--store", api.store, "embedded, memory, or etcd://host:port")->capture_default_str();
  command
      .add_option_function<std::string>(
          "--etcd-servers",
          [&api](const std::string& url) {
            api.store = etcd_store(url);
            api.etcd_https = url.starts_with("https://");
          },
          "The store is the etcd at this URL (http or https, one)")
      ->check([](const std::string& url) {
        return etcd_store(url).empty() ? "must be http://host:port or https://host:port, one alone"
                                       : std::string();
      });
  command.add_option("--etcd-cafile", api.etcd_ca_file,
                     "Authority that etcd's certificate is checked against");
  command.add_option("--etcd-certfile", api.etcd_certificate_file, "Client certificate for etcd");
  command.add_option("--etcd-keyfile", api.etcd_key_file, "Key of the client certificate for etcd");
  command.add_option("--bind-address", api.bind_address, "Address the API listens on")->capture_default_str();
  command.add_option("--secure-port", api.secure_port, "Port of the API")->capture_default_str();
  command.add_option(
      "--advertise-address", api.advertise_address,
      "Address that the Service `kubernetes` leads to; default: --bind-address, or that of the "
      "default route");
  command
      .add_option("--tls-san", api.tls_san,
                  "Further names and addresses for the serving certificate; the first goes into kubeconfig")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--service-cluster-ip-range", api.service_cidr,
                  "range of services, or one of each IP family with a comma between")
      ->capture_default_str();
  add_token_flags(command, api.tokens);
}

void add_election_flags(CLI::App& command, ElectionOptions& election, const std::string& unset) {
  command
      .add_option("--leader-elect", election.leader_elect,
                  "Controllers and scheduler act only while this process leads; default: " + unset)
      ->type_name("BOOLEAN");
  add_duration(command, "--leader-elect-lease-duration", election.times.lease,
               "Others wait for so long before they take over; default 15s");
  add_duration(command, "--leader-elect-renew-deadline", election.times.renew_deadline,
               "A leader that cannot renew its lease for so long stops acting; default 10s");
  add_duration(command, "--leader-elect-retry-period", election.times.retry,
               "Between two looks at the lease; default 2s");
}

void add_controller_flags(CLI::App& command, ControllerFlags& controllers) {
  command
      .add_option("--controllers", controllers.controllers,
                  "Which ones run, separated by commas: * for all, NAME, -NAME to leave one out")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->capture_default_str();
  add_duration(command, "--node-monitor-grace-period", controllers.node_monitor_grace_period,
               "A node that gives no sign of life for this long is Unknown; default 50s");
  command
      .add_option("--terminated-pod-gc-threshold", controllers.terminated_pod_gc_threshold,
                  "How many finished pods are kept; 0 keeps all")
      ->capture_default_str();
}

void add_component_flags(CLI::App& command, ComponentOptions& component, uint16_t port) {
  component.secure_port = port;
  command.add_option("--kubeconfig", component.kubeconfig,
                     "Which API server, and who asks it; default: what a pod finds");
  command.add_option("--kube-api-qps", component.qps, "Requests a second, on average; 0: no limit")
      ->capture_default_str();
  command.add_option("--kube-api-burst", component.burst, "Requests at once")->capture_default_str();
  command
      .add_option("--bind-address", component.bind_address, "Address that health and metrics are served on")
      ->capture_default_str();
  command.add_option("--secure-port", component.secure_port, "Port of health and metrics; 0: not served")
      ->capture_default_str();
  command.add_option("--client-ca-file", component.client_ca_file,
                     "Authority of the certificates that may see metrics; default: nobody may");
  add_election_flags(command, component.election, "true");
  command.add_option("--leader-elect-resource-name", component.lease, "Name of the lease")
      ->capture_default_str();
  command
      .add_option("--leader-elect-resource-namespace", component.lease_namespace, "Namespace of the lease")
      ->capture_default_str();
}

void add_agent_flags(CLI::App& command, AgentOptions& agent) {
  command.add_option("--kubeconfig", agent.kubeconfig,
                     "Which API server, and who asks it; default: none, manifests alone say what runs");
  command.add_option(
      "--api-servers", agent.api_servers,
      "URL of the API server, instead of --kubeconfig; of several, separated by commas, the first");
  command.add_option(
      "--auth-path", agent.auth_path,
      "JSON file that says who asks --api-servers: BearerToken, User, Password, CAFile, CertFile, KeyFile");
  command.add_flag("--runonce", agent.run_once,
                   "Run what manifests say, end as soon as it runs, and leave it running; without an API");
  command
      .add_option("--etcd-servers", agent.etcd_servers,
                  "URL of an etcd whose key /registry/nodes/NAME/boundpods says which pods run here")
      ->check([](const std::string& url) {
        return etcd_store(url).empty() ? "must be http://host:port or https://host:port, one alone"
                                       : std::string();
      });
  command.add_option("--etcd-cafile", agent.etcd_ca_file,
                     "Authority that etcd's certificate is checked against");
  command.add_option("--data-dir", agent.node.data_dir, "Where everything is kept")
      ->capture_default_str()
      ->transform(from_here());
  command.add_option("--client-ca-file", agent.client_ca_file,
                     "Authority of callers that show certificates; default: callers show tokens");
  command.add_option("--kube-api-qps", agent.qps, "Requests a second, on average; 0: no limit")
      ->capture_default_str();
  command.add_option("--kube-api-burst", agent.burst, "Requests at once")->capture_default_str();
  add_node_flags(command, agent.node);
}

void add_hollow_flags(CLI::App& command, HollowOptions& options) {
  hollow::FleetOptions& fleet = options.fleet;
  command.add_option("--kubeconfig", options.kubeconfig, "File that says which API server, and as whom")
      ->required();
  command.add_option("--name", fleet.name, "What the nodes' names begin with; their number follows")
      ->capture_default_str();
  command.add_option("--count", fleet.count, "How many nodes")->capture_default_str();
  command.add_option("--first", fleet.first, "Number of the first of them")->capture_default_str();
  command.add_option("--node-cpu", fleet.shape.cpu, "CPUs that a node says it has")->capture_default_str();
  command.add_option("--node-memory", fleet.shape.memory, "Memory that a node says it has")
      ->capture_default_str();
  command.add_option("--max-pods", fleet.shape.pods_max, "Most pods on a node")->capture_default_str();
  command
      .add_option("--node-network", options.node_network,
                  "IPv4 range of nodes; each has the address of its number")
      ->capture_default_str();
  command
      .add_option("--pod-network", options.pod_network,
                  "IPv4 range of all pods; each node has a block of its own")
      ->capture_default_str();
  add_duration(command, "--pod-stage-min", fleet.stage_min,
               "A pod takes at least so long to start, and to stop; default 200ms");
  add_duration(command, "--pod-stage-max", fleet.stage_max, "And at most so long; default 3s");
  command
      .add_option("--kube-api-qps", options.qps, "Most requests per second of one node; 0: as many as it has")
      ->capture_default_str();
  command
      .add_option("--kube-api-burst", options.burst, "Most requests of one node at once, with --kube-api-qps")
      ->capture_default_str();
  command.add_option("--starting-max", fleet.starting_max, "So many nodes at most register at the same time")
      ->capture_default_str();
  command
      .add_option("--calls-max", fleet.calls_max,
                  "So many requests at most wait for answers, of nodes and of pods each")
      ->capture_default_str();
}

void add_log_flags(CLI::App& command, LogOptions& log) {
  command.add_option("-v,--v", log.verbosity, "Log verbosity")->capture_default_str();
  command.add_option("--logging-format", log.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

}  // namespace mizzen::apps
