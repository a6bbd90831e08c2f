#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "rest/config/kubeconfig.h"
#include "rest/rest_client.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

/// Threads beside those that wait for calls: they pass on what watches tell, and begin watches.
constexpr size_t kWatchThreads = 16;

Result<Ipv4Range> range(const std::string& flag, const std::string& text) {
  if (const auto parsed = Ipv4Range::parse(text)) return *parsed;
  return Error(Code::BadRequest, flag + ": " + text + " is no IPv4 range between /8 and /30");
}

Result<hollow::FleetOptions> fleet_of(const HollowOptions& options) {
  hollow::FleetOptions out = options.fleet;
  MZ_ASSIGN(out.node_network, range("--node-network", options.node_network));
  MZ_ASSIGN(out.pod_network, range("--pod-network", options.pod_network));
  if (const std::string fault = out.fault(); !fault.empty()) return Error(Code::BadRequest, fault);
  return out;
}

/// The limit is of one node, as kubemark's; all of them share one client.
Result<rest::RestConfig> config_of(const HollowOptions& options) {
  MZ_ASSIGN(rest::RestConfig out, rest::load_kubeconfig(options.kubeconfig));
  out.user_agent = "mizzen-hollow-node";
  out.qps = options.qps * options.fleet.count;
  out.burst = options.burst * static_cast<int>(options.fleet.count);
  return out;
}

}  // namespace

Result<void> run_hollow_nodes(const HollowOptions& options) {
  MZ_ASSIGN(const hollow::FleetOptions nodes, fleet_of(options));
  MZ_ASSIGN(rest::RestConfig config, config_of(options));
  const std::string server = config.server.authority();
  Process process;
  const HeapTrimmer trimmer;
  http::Loops loops({.clock = real_clock(), .random = secure_random()});
  WorkRuntime work("hollow", 2 * nodes.calls_max + kWatchThreads);
  const api::ResourceCatalog resources(api::builtin());
  const auto sender = std::make_shared<rest::Sender>(loops, work.runtime(), std::move(config));
  rest::RestClient api({sender, resources, resources.registry(), work.runtime()});
  hollow::Fleet fleet({api, work.runtime()}, nodes);
  fleet.start();
  log::info("hollow", "nodes begin",
            {log::kv("server", server), log::kv("first", nodes.first), log::kv("count", nodes.count)});
  const int signal_number = process.wait();
  log::info("hollow", "stopping",
            {log::kv("signal", signal_number), log::kv("registered", fleet.settled()),
             log::kv("pods", fleet.pods())});
  sender->stop();  // what waits for an answer need not
  fleet.stop();
  work.stop();
  return {};
}

}  // namespace mizzen::apps
