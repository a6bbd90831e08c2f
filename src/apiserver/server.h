#pragma once
#include <memory>
#include <string>
#include <vector>

#include "apiserver/loopback/loopback.h"
#include "apiserver/proxy/node_gateway.h"
#include "apiserver/proxy/workload_proxy.h"
#include "apiserver/registry/core.h"
#include "apiserver/verbs/http_api.h"
#include "async/executor.h"
#include "auth/tokens/token_options.h"
#include "base/random.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "pki/authority.h"
#include "pki/renewed_pair.h"

namespace mizzen::apiserver {

/// Role: the API server as a part of a process: keys, listener, workers, Core and HTTP edge.
/// Lifecycle: init() makes keys and checks what can be checked; start() loads and listens; stop() drains;
/// destructor stops. Its certificates are renewed while it runs: connections live on, new ones see the new
/// one. Threading: init, start and stop from one thread; the rest thread-safe.
class ApiServer {
 public:
  struct Options {
    std::string data_dir;
    std::string address = "0.0.0.0";
    uint16_t port = 6443;
    /// Names and addresses in the serving certificate beside the defaults; the first one is what kubeconfig
    /// points at.
    std::vector<std::string> external_names;
    std::string cluster_domain = "cluster.local";
    Duration certificate_lifetime = pki::kCertificateLifetime;
    size_t workers_max = 64;
    std::string local_node;  ///< name of the node that runs in this process, if one does
    Core::Options core;
    auth::TokenOptions tokens;
  };
  struct Deps {
    const Clock& clock;
    Random& random;
    store::Store& store;
    api::ResourceCatalog& resources;
    http::Loops& loops;
    Metrics& metrics;
    Health& health;
    NodeGateway* nodes = nullptr;  ///< null: kubelets are called over HTTPS
    Timers* timers = nullptr;      ///< null: certificates are renewed at the next start only
  };
  ApiServer(Deps deps, Options options);
  ~ApiServer();

  /// Authority, serving certificate, key of tokens, admin credentials and kubeconfig below data_dir/pki and
  /// data_dir/admin.kubeconfig.
  Result<void> init();
  Result<void> start(Deadline deadline);
  void stop(Deadline deadline);

  Core& core() { return *core_; }
  /// The API as a component of this process asks it, under an identity of its own.
  Loopback loopback(auth::User user) {
    return Loopback({*core_, *authorizer_, &deps_.metrics}, std::move(user));
  }
  uint16_t port() const;
  const pki::Authority& authority() const { return *authority_; }
  /// What signs tokens of service accounts. After init().
  const pki::SigningKey& token_signer() const { return token_keys_->signer; }
  std::string kubeconfig_path() const { return options_.data_dir + "/admin.kubeconfig"; }

 private:
  /// Host and port that others reach this server at.
  std::string external_address() const;
  Result<pki::CertificateRequest> serving_request() const;
  /// A certificate of ours as it is kept below data_dir/pki. From now on it is renewed, and `shown` gets the
  /// new one.
  Result<pki::KeyPair> keep(const std::string& name, pki::CertificateRequest request,
                            std::function<Result<void>(const pki::KeyPair&)> shown);
  http::ServerTlsOptions tls_of(const pki::KeyPair& serving) const;
  Result<void> write_kubeconfig(const pki::KeyPair& admin) const;

  Deps deps_;
  const Options options_;
  std::optional<pki::Authority> authority_;
  std::optional<auth::TokenKeys> token_keys_;
  std::vector<std::unique_ptr<pki::RenewedPair>> renewed_;
  std::unique_ptr<ThreadPool> workers_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<KubeletGateway> gateway_;
  std::unique_ptr<WorkloadProxy> proxy_;
  std::unique_ptr<auth::Authorizer> authorizer_;
  std::unique_ptr<HttpApi> api_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace mizzen::apiserver
