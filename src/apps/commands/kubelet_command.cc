#include "api/builtin.h"
#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/preflight.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/etcd_feed.h"
#include "apps/roles/issued_identity.h"
#include "apps/roles/node_role.h"
#include "apps/roles/remote_api.h"
#include "apps/roles/remote_reviews.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/version.h"
#include "client/offline/no_api.h"
#include "kubelet/access/known_callers.h"
#include "pki/keystore.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

Result<std::string> client_ca(const AgentOptions& options) {
  if (options.client_ca_file.empty()) return std::string();
  auto pem = read_file(options.client_ca_file);
  if (!pem.ok()) return pem.error().with_context("--client-ca-file");
  return pem;
}

/// Who calls the node need not know it, as upstream: its authority is its own.
Result<pki::Authority> own_authority(const NodeOptions& node) {
  return pki::ensure_authority(node.data_dir + "/pki", "kubelet-ca", node.name() + "-ca",
                               real_clock().wall());
}

/// How long the pods of --runonce may take to run.
constexpr auto kRunOnceTimeout = std::chrono::minutes(5);
constexpr auto kLookEvery = std::chrono::milliseconds(200);

/// Until every pod of the node's own sources runs, or has done what it was to do.
Result<void> wait_once(const NodeRole& node, Process& process) {
  const auto deadline = Deadline::after(kRunOnceTimeout, real_clock());
  for (;;) {
    const auto now = node.own_pods();
    if (!now.failed.empty())
      return Error(Code::Unknown, "--runonce failed: these pods failed: " + join(now.failed, ", "));
    if (now.heard && now.waiting.empty()) {
      log::info("kubelet", "runonce: all pods run", {log::kv("pods", now.running)});
      return {};
    }
    if (deadline.expired())
      return Error(Code::Timeout, now.heard
                                      ? "--runonce failed: these pods do not run: " + join(now.waiting, ", ")
                                      : "--runonce failed: not all sources can be read");
    if (process.wait_for(kLookEvery)) return Error(Code::Cancelled, "--runonce failed: it was stopped");
  }
}

/// A node that has no API: callers show certificates of an authority that a flag names.
Result<void> run_alone(const AgentOptions& options, const std::string& ca, Process& process,
                       const std::vector<kubelet::ManifestFeed*>& feeds) {
  http::Loops loops({.clock = real_clock(), .random = secure_random()});
  WorkRuntime work("kubelet");
  const std::string name = options.node.name();
  NodeOptions node_options = options.node;
  if (options.run_once) node_options.enable_server = false;
  MZ_ASSIGN(const pki::Authority authority, own_authority(options.node));
  IssuedIdentity identity(authority, work.runtime());
  MZ_TRY(identity.open(node_options));
  client::NoApi api(api::builtin());
  kubelet::KnownCallers auth({.client_ca_pem = ca});
  NodeRole node({api, loops, identity, auth, true, feeds}, node_options);
  MZ_TRY(node.start(Deadline::after(kStartTimeout, real_clock())));
  log::info("kubelet", "started without an API", {log::kv("node", name), log::kv("port", node.port())});
  Result<void> done;
  if (options.run_once) {
    done = wait_once(node, process);
  } else {
    log::info("kubelet", "stopping", {log::kv("signal", process.wait())});
  }
  node.stop();
  identity.stop();
  work.stop();
  return done;
}

}  // namespace

Result<void> run_kubelet(const AgentOptions& options) {
  Process process;
  const HeapTrimmer trimmer;
  MZ_TRY(preflight(options.node));
  MZ_ASSIGN(const std::string ca, client_ca(options));
  std::unique_ptr<EtcdFeed> etcd;
  std::vector<kubelet::ManifestFeed*> feeds;
  if (!options.etcd_servers.empty()) {
    MZ_ASSIGN(etcd, EtcdFeed::open(options.etcd_servers, options.etcd_ca_file, options.node.name()));
    feeds.push_back(etcd.get());
  }
  if (options.kubeconfig.empty() && options.api_servers.empty())
    return run_alone(options, ca, process, feeds);
  if (options.run_once) return Error(Code::BadRequest, "--runonce runs what manifests say, without an API");
  http::Loops loops({.clock = real_clock(), .random = secure_random()});
  WorkRuntime work("kubelet");
  RemoteApi api(loops, work.runtime());
  RemoteApi::Options remote;
  remote.kubeconfig = options.kubeconfig;
  remote.api_servers = options.api_servers;
  remote.auth_path = options.auth_path;
  remote.user_agent = "kubelet/v" + std::string(kVersion) + " mizzen";
  remote.qps = options.qps;
  remote.burst = options.burst;
  const auto soon = [] { return Deadline::after(kStartTimeout, real_clock()); };
  MZ_TRY(api.open(remote, soon()));
  const std::string name = options.node.name();
  MZ_ASSIGN(const pki::Authority authority, own_authority(options.node));
  IssuedIdentity identity(authority, work.runtime());
  MZ_TRY(identity.open(options.node));
  RemoteReviews reviews(api.sender(), name);
  kubelet::ReviewedCallers auth(reviews, real_clock(), {.client_ca_pem = ca});
  NodeRole node({api.client(), loops, identity, auth, false, feeds}, options.node);
  MZ_TRY(node.start(soon()));
  log::info("kubelet", "started", {log::kv("node", name), log::kv("port", node.port())});
  log::info("kubelet", "stopping", {log::kv("signal", process.wait())});
  node.stop();
  identity.stop();
  api.stop();
  work.stop();
  return {};
}

}  // namespace mizzen::apps
