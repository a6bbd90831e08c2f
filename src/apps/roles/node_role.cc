#include "apps/roles/node_role.h"

#include <fmt/format.h>

#include "apps/config/feature_gates.h"
#include "apps/host/work_runtime.h"
#include "base/file.h"
#include "base/strings.h"
#include "codec/tables/quantity.h"
#include "cri/client.h"
#include "cri/containerd.h"
#include "cri/containerd_events.h"
#include "kubelet/kubelet.h"
#include "linux/files/file.h"
#include "linux/files/system_info.h"
#include "linux/net/net_links.h"
#include "network/bridge/bridge_plane.h"
#include "network/cni/cni_files.h"
#include "network/node_network.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

constexpr auto kDownTimeout = std::chrono::seconds(20);

network::NetworkOptions network_options(const NodeOptions& o) {
  network::NetworkOptions out;
  out.bridge = o.bridge;
  out.table = o.nft_table;
  out.pod_range = o.pod_cidr;
  out.cluster_range = o.cluster_cidr;
  out.data_folder = o.network_folder();
  return out;
}

/// The pod network with what it stands on.
struct Network {
  explicit Network(const NodeOptions& o)
      : resident({work.runtime(), plane}, {network_options(o), linux::system_info().boot_id}) {}
  WorkRuntime work{"network"};
  network::BridgePlane plane;
  network::NodeNetwork resident;
};

cri::ContainerdOptions containerd_options(const NodeOptions& o) {
  cri::ContainerdOptions out;
  out.data_folder = o.containerd_folder();
  out.cni_conf_folder = o.data_dir + "/cni/conf";
  out.cni_bin_folder = o.data_dir + "/cni/bin";
  out.registry_hosts_folder = o.registry_hosts;
  if (!o.sandbox_image.empty()) out.sandbox_image = o.sandbox_image;
  return out;
}

Result<int64_t> parse_log_size(const std::string& text) {
  const auto size = codec::Quantity::parse(text);
  const auto bytes = size.ok() ? size->value() : 0;
  if (bytes <= 0)
    return Error(Code::BadRequest,
                 fmt::format("--container-log-max-size: {} is not a size such as 10Mi", quote(text)));
  return bytes;
}

/// NAME:VALUE, as the flag has checked.
std::vector<std::pair<std::string, std::string>> headers_of(const std::vector<std::string>& lines) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& line : lines) {
    const size_t colon = line.find(':');
    out.emplace_back(trim(std::string_view(line).substr(0, colon)),
                     trim(std::string_view(line).substr(colon + 1)));
  }
  return out;
}

}  // namespace

struct NodeRole::Impl {
  Impl(Deps d, NodeOptions o) : deps(d), options(std::move(o)) {}
  Result<void> start(Deadline deadline);
  Result<std::string> start_runtime(Deadline deadline);
  Deps deps;
  const NodeOptions options;
  std::unique_ptr<Network> network;
  std::unique_ptr<cri::Containerd> containerd;
  std::unique_ptr<cri::Client> runtime;
  std::unique_ptr<cri::ContainerdEvents> runtime_events;
  std::unique_ptr<kubelet::Kubelet> kubelet;
};

NodeRole::NodeRole(Deps deps, NodeOptions options)
    : impl_(std::make_unique<Impl>(deps, std::move(options))) {}
NodeRole::~NodeRole() { stop(); }

Result<std::string> NodeRole::Impl::start_runtime(Deadline deadline) {
  if (!options.container_runtime_endpoint.empty()) return options.container_runtime_endpoint;
  const auto wanted = containerd_options(options);
  // First: a containerd that ran on asks it about pods that end.
  network = std::make_unique<Network>(options);
  if (auto r = network->resident.start(deadline); !r.ok()) return r.error().with_context("pod network");
  MZ_TRY(network::install_cni(network_options(options), wanted.cni_conf_folder, wanted.cni_bin_folder));
  containerd = std::make_unique<cri::Containerd>(wanted, real_clock());
  if (auto r = containerd->start(deadline); !r.ok()) return r.error().with_context("containerd");
  if (auto r = containerd->import_pause(deadline); !r.ok()) return r.error().with_context("pause image");
  return containerd->socket();
}

Result<void> NodeRole::start(Deadline deadline) {
  const auto r = impl_->start(deadline);
  // Nothing half-started stays: a containerd that was there before, with pods in it, does.
  if (!r.ok() && impl_->containerd) impl_->containerd->stop_what_was_started();
  if (!r.ok() && impl_->network) impl_->network->resident.stop_what_was_started();
  return r;
}

Result<void> NodeRole::Impl::start(Deadline deadline) {
  Impl& n = *this;
  MZ_ASSIGN(const auto gates, parse_feature_gates(n.options.feature_gates));
  MZ_ASSIGN(const auto log_bytes_max, parse_log_size(n.options.container_log_max_size));
  MZ_ASSIGN(auto eviction, kubelet::parse_eviction(n.options.eviction));
  eviction.pressure_transition = n.options.eviction_pressure_transition;
  eviction.pod_grace_max_s = n.options.eviction_max_pod_grace_s;
  if (n.options.container_log_max_files < 2)
    return Error(Code::BadRequest, "--container-log-max-files must be at least 2");
  MZ_ASSIGN(const auto endpoint, n.start_runtime(deadline));
  MZ_ASSIGN(n.runtime, cri::Client::open(endpoint));
  MZ_ASSIGN(n.runtime_events, cri::ContainerdEvents::open(endpoint, real_clock()));
  const std::string name = n.options.name();
  const std::string address = n.options.address();
  kubelet::KubeletOptions k;
  k.node_name = k.hostname = name;
  k.data_folder = n.options.kubelet_folder();
  k.addresses = {address};
  if (n.options.node_ip.empty())
    k.look_up_addresses = [options = n.options]() -> std::vector<std::string> {
      const std::string now = options.address();
      // A machine that is between two networks keeps the address it had.
      if (now.starts_with("127.")) return {};
      return {now};
    };
  k.listen_address = n.options.kubelet_address;
  k.port = n.options.enable_server ? n.options.kubelet_port : -1;
  k.dns = {n.options.cluster_dns, n.options.cluster_domain};
  k.cgroup_root = n.options.cgroup_root;
  k.pods_max = n.options.max_pods;
  k.eviction = std::move(eviction);
  k.volume_stats_every = n.options.volume_stats_every;
  k.static_pod_path = n.options.pod_manifest_path;
  k.file_check_every = n.options.file_check_frequency;
  k.static_pod_url = n.options.manifest_url;
  k.static_pod_url_headers = headers_of(n.options.manifest_url_headers);
  k.http_check_every = n.options.http_check_frequency;
  k.standalone = n.deps.standalone;
  k.allow_privileged = n.options.allow_privileged;
  k.early_probes = n.options.early_probes;
  k.debugging_handlers = n.options.enable_debugging_handlers;
  k.relaxed_environment_names = gates.at("RelaxedEnvironmentVariableValidation");
  k.log_bytes_max = log_bytes_max;
  k.log_files_max = n.options.container_log_max_files;
  n.kubelet = std::make_unique<kubelet::Kubelet>(
      kubelet::Kubelet::Deps{n.deps.api, *n.runtime, &n.deps.loops, real_clock(), secure_random(),
                             n.runtime_events.get(), &n.deps.identity, &n.deps.auth},
      std::move(k), n.deps.feeds);
  if (auto r = n.kubelet->start(); !r.ok()) return r.error().with_context("kubelet");
  return {};
}

void NodeRole::stop() {
  if (impl_->kubelet) impl_->kubelet->stop();
  if (impl_->containerd) impl_->containerd->stop();
  if (impl_->network) impl_->network->resident.stop();
}

bool NodeRole::ready() const { return impl_->kubelet && impl_->kubelet->ready(); }
kubelet::Kubelet::OwnPods NodeRole::own_pods() const {
  return impl_->kubelet ? impl_->kubelet->own_pods() : kubelet::Kubelet::OwnPods();
}
int NodeRole::port() const { return impl_->kubelet ? impl_->kubelet->port() : 0; }

Result<void> NodeRole::down(const NodeOptions& o) {
  Result<void> first;
  const auto note = [&](Result<void> done) {
    if (!done.ok() && first.ok()) first = std::move(done);
  };
  if (o.container_runtime_endpoint.empty() && path_exists(o.containerd_folder() + "/config.toml")) {
    // Pods are stopped by their runtime, which takes each off the network; what of both is down is started
    // for that.
    Network network(o);
    note(network.resident.start(Deadline::after(kDownTimeout, real_clock())));
    cri::Containerd containerd(containerd_options(o), real_clock());
    if (auto started = containerd.start(Deadline::after(kDownTimeout, real_clock())); started.ok()) {
      auto runtime = cri::Client::open(containerd.socket());
      if (runtime.ok())
        note(kubelet::Kubelet::down(**runtime, real_clock(), o.kubelet_folder(), o.cgroup_root));
    } else {
      note(started);
    }
    containerd.stop();
    note(cri::Containerd::down(o.containerd_folder(), real_clock()));
  }
  network::BridgePlane plane;
  note(network::NodeNetwork::down(plane, {network_options(o), linux::system_info().boot_id}));
  note(network::remove_cni_results(network_options(o)));
  note(linux::remove_all(o.data_dir + "/cni"));
  return first;
}

}  // namespace mizzen::apps
