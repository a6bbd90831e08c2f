#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "apiserver/allocate/ranges/address_range.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/server.h"
#include "apps/commands.h"
#include "apps/control_plane.h"
#include "apps/heap_trimmer.h"
#include "apps/preflight.h"
#include "base/file.h"
#include "store/open/open.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

constexpr Duration kStartTimeout = std::chrono::seconds(30);
constexpr Duration kDrainTimeout = std::chrono::seconds(10);
/// Event loops; connections are spread over them, so that one client's long answer holds up half of the
/// others at most.
constexpr size_t kLoops = 2;

/// Blocks the signals that end the program in all threads, so that one place waits for them.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

Result<std::unique_ptr<store::Store>> open_store(const ServerOptions& options) {
  store::OpenOptions how{.clock = real_clock()};
  how.store = options.store;
  how.folder = options.data_dir + "/store";
  how.etcd_ca_file = options.etcd_ca_file;
  how.etcd_certificate_file = options.etcd_certificate_file;
  how.etcd_key_file = options.etcd_key_file;
  return store::open_store(how, Deadline::after(kStartTimeout, real_clock()));
}

/// The address that pods and nodes reach the API at; empty where it listens for this machine alone.
std::string api_address(const ServerOptions& options) {
  const std::string& bind = options.bind_address;
  if (bind.starts_with("127.") || bind == "::1") return "";
  const bool any = bind.empty() || bind == "0.0.0.0" || bind == "::";
  const std::string address = any ? options.node.address() : bind;
  return address.starts_with("127.") ? "" : address;
}

}  // namespace

Result<void> run_server(const ServerOptions& options) {
  mallopt(M_ARENA_MAX, 2);
  const sigset_t signals = block_signals();
  const HeapTrimmer trimmer;
  umask(0022);  // containerd inherits it, and unpacks images with it; our own files name their modes
  const Monotonic started = real_clock().monotonic();
  MZ_TRY(preflight(options));
  if (const auto r = make_folders(options.data_dir, 0700); !r.ok())
    return r.error().with_context("data folder");
  MZ_ASSIGN(const auto store, open_store(options));
  http::Loops loops({.clock = real_clock(), .random = secure_random(), .threads = kLoops});
  api::ResourceCatalog resources(api::builtin());
  Metrics metrics;
  register_process_metrics(metrics, real_clock());
  Health health;
  apiserver::ApiServer::Options api;
  api.data_dir = options.data_dir;
  api.address = options.bind_address;
  api.port = options.secure_port;
  api.external_names = options.tls_san;
  api.core.service_cidr = options.service_cidr;
  if (!options.disable_node) api.local_node = options.node.name();
  apiserver::ApiServer server(
      {real_clock(), secure_random(), *store, resources, loops, metrics, health, nullptr}, api);
  MZ_TRY(server.init());
  MZ_TRY(server.start(Deadline::after(kStartTimeout, real_clock())));
  log::info("server", "API is ready",
            {log::kv("address", fmt::format("{}:{}", options.bind_address, server.port())),
             log::kv("took", std::chrono::duration<double>(real_clock().monotonic() - started).count()),
             log::kv("kubeconfig", server.kubeconfig_path())});
  MZ_ASSIGN(const auto ranges, apiserver::parse_service_ranges(options.service_cidr));
  ControlPlane::Options plane;
  plane.controllers.node_monitor_grace_period = options.node_monitor_grace_period;
  plane.controllers.terminated_pod_gc_threshold = options.terminated_pod_gc_threshold;
  plane.controllers.api = {api_address(options), server.port(), ranges.front().at(0)};
  // A store in this process is nobody else's: there an election would only cost writes.
  if (options.leader_elect.value_or(options.store.starts_with("etcd://"))) plane.election = options.election;
  ControlPlane control(server, metrics, std::move(plane));
  MZ_TRY(control.start(Deadline::after(kStartTimeout, real_clock())));
  std::unique_ptr<apiserver::Loopback> node_api;
  std::unique_ptr<NodeRole> node;
  if (!options.disable_node) {
    node_api = std::make_unique<apiserver::Loopback>(
        server.loopback({"system:node:" + options.node.name(), {"system:nodes"}}));
    node = std::make_unique<NodeRole>(NodeRole::Deps{*node_api, loops, server.authority()}, options.node);
    if (auto r = node->start(Deadline::after(kStartTimeout, real_clock())); !r.ok()) {
      control.stop();
      server.stop(Deadline::after(kDrainTimeout, real_clock()));
      return r;
    }
  }
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  log::info("server", "stopping", {log::kv("signal", signal_number)});
  if (node) node->stop();
  control.stop();
  server.stop(Deadline::after(kDrainTimeout, real_clock()));
  return {};
}

}  // namespace mizzen::apps
