#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/preflight.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/issued_identity.h"
#include "apps/roles/node_role.h"
#include "apps/roles/remote_api.h"
#include "apps/roles/remote_reviews.h"
#include "base/file.h"
#include "base/version.h"
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

}  // namespace

Result<void> run_kubelet(const AgentOptions& options) {
  Process process;
  const HeapTrimmer trimmer;
  MZ_TRY(preflight(options.node));
  MZ_ASSIGN(const std::string ca, client_ca(options));
  http::Loops loops({.clock = real_clock(), .random = secure_random()});
  WorkRuntime work("kubelet");
  RemoteApi api(loops, work.runtime());
  RemoteApi::Options remote;
  remote.kubeconfig = options.kubeconfig;
  remote.user_agent = "kubelet/v" + std::string(kVersion) + " mizzen";
  remote.qps = options.qps;
  remote.burst = options.burst;
  const auto soon = [] { return Deadline::after(kStartTimeout, real_clock()); };
  MZ_TRY(api.open(remote, soon()));
  const std::string name = options.node.name();
  // Who calls the node need not know it, as upstream: its authority is its own.
  MZ_ASSIGN(
      const pki::Authority authority,
      pki::ensure_authority(options.node.data_dir + "/pki", "kubelet-ca", name + "-ca", real_clock().wall()));
  IssuedIdentity identity(authority, work.runtime());
  MZ_TRY(identity.open(options.node));
  RemoteReviews reviews(api.sender(), name);
  kubelet::ReviewedCallers auth(reviews, real_clock(), {.client_ca_pem = ca});
  NodeRole node({api.client(), loops, identity, auth}, options.node);
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
