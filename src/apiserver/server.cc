#include "apiserver/server.h"

#include <fmt/format.h>

#include "apiserver/allocate/ranges/address_range.h"
#include "apiserver/registry/cache_metrics.h"
#include "auth/authenticate/credentials.h"
#include "auth/authorize/components.h"
#include "base/file.h"
#include "base/strings.h"
#include "pki/keystore.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {
namespace {
constexpr size_t kStreamBufferBytes = 128 * 1024;
}

ApiServer::ApiServer(Deps deps, Options options) : deps_(deps), options_(std::move(options)) {}
ApiServer::~ApiServer() { stop(Deadline::after(std::chrono::seconds(1), deps_.clock)); }

uint16_t ApiServer::port() const { return server_ ? server_->port() : options_.port; }

Result<pki::KeyPair> ApiServer::component_identity(const std::string& name, const std::string& common_name,
                                                   const std::vector<std::string>& organisations) {
  pki::CertificateRequest request;
  request.common_name = common_name;
  request.organisations = organisations;
  request.client = true;
  return pki::ensure_issued(*authority_, options_.data_dir + "/pki", name, request, deps_.clock.wall());
}

Result<void> ApiServer::init() {
  const std::string folder = options_.data_dir + "/pki";
  const WallTime now = deps_.clock.wall();
  MZ_ASSIGN(authority_, pki::ensure_authority(folder, "ca", "mizzen-ca", now));
  pki::CertificateRequest request;
  request.common_name = "mizzen-apiserver";
  request.server = true;
  request.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                       "kubernetes.default.svc." + options_.cluster_domain};
  request.ip_addresses = {"127.0.0.1", "::1"};
  MZ_ASSIGN(const auto ranges, parse_service_ranges(options_.core.service_cidr));
  for (const AddressRange& range : ranges) request.ip_addresses.push_back(range.at(0));
  for (const std::string& name : options_.external_names) {
    const bool address =
        name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
    (address ? request.ip_addresses : request.dns_names).push_back(name);
  }
  MZ_ASSIGN(serving_, pki::ensure_issued(*authority_, folder, "apiserver", request, now));
  workers_ = std::make_unique<ThreadPool>(
      deps_.clock, ThreadPool::Options{"api-worker", options_.workers_max, 8192, 10'000});
  core_ = std::make_unique<Core>(
      Core::Deps{deps_.store, deps_.clock, deps_.random, deps_.resources, &deps_.metrics}, options_.core);
  register_build_info(deps_.metrics);
  authenticator_ = std::make_unique<auth::Credentials>(std::vector<auth::StaticToken>());
  authorizer_ = std::make_unique<auth::ComponentAuthorizer>();
  return {};
}

Result<void> ApiServer::start(Deadline deadline) {
  MZ_TRY(core_->start(deadline));
  deps_.health.add(
      "etcd", [this] { return deps_.store.health(Deadline::after(std::chrono::seconds(1), deps_.clock)); });
  if (!deps_.nodes) {
    MZ_ASSIGN(const auto identity, component_identity("apiserver-kubelet-client",
                                                      "kube-apiserver-kubelet-client", {"system:masters"}));
    gateway_ =
        std::make_unique<KubeletGateway>(KubeletGateway::Deps{deps_.loops, *core_, options_.local_node},
                                         identity, authority_->certificate_pem());
  }
  proxy_ = std::make_unique<WorkloadProxy>(WorkloadProxy::Deps{deps_.loops, *core_, deps_.random});
  NodeGateway* nodes = deps_.nodes ? deps_.nodes : gateway_.get();
  HttpApi::Deps deps{*core_,       *authenticator_, *authorizer_, *workers_,
                     deps_.health, deps_.metrics,   nodes,        proxy_.get()};
  const std::string external = options_.external_names.empty() ? "127.0.0.1" : options_.external_names[0];
  api_ = std::make_unique<HttpApi>(deps, fmt::format("{}:{}", external, options_.port));
  http::Server::Options server;
  server.address = options_.address;
  // What a client that takes nothing can make us hold, for each of its streams.
  server.stream_buffer_bytes_max = kStreamBufferBytes;
  server.port = options_.port;
  server.tls =
      http::ServerTlsOptions{serving_.certificate_pem, serving_.key_pem, authority_->certificate_pem()};
  server_ = std::make_unique<http::Server>(deps_.loops, std::move(server),
                                           [this](http::ExchangePtr e) { api_->handle(std::move(e)); });
  MZ_TRY(server_->start());
  return write_kubeconfig();
}

Result<void> ApiServer::write_kubeconfig() {
  MZ_ASSIGN(const pki::KeyPair admin, component_identity("admin", "kubernetes-admin", {"system:masters"}));
  const std::string host = options_.external_names.empty() ? "127.0.0.1" : options_.external_names[0];
  const std::string text = fmt::format(
      "apiVersion: v1\nkind: Config\nclusters:\n- name: mizzen\n  cluster:\n    server: https://{}:{}\n    "
      "certificate-authority-data: {}\n"
      "users:\n- name: mizzen-admin\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\n"
      "contexts:\n- name: mizzen\n  context:\n    cluster: mizzen\n    user: mizzen-admin\ncurrent-context: "
      "mizzen\n",
      host, port(), base64_encode(authority_->certificate_pem()), base64_encode(admin.certificate_pem),
      base64_encode(admin.key_pem));
  return write_file(kubeconfig_path(), text, 0600);
}

void ApiServer::stop(Deadline deadline) {
  if (server_) {
    deps_.health.shutting_down();
    api_->end_watches();
    server_->stop(deadline);
  }
  if (gateway_) gateway_->stop();
  if (proxy_) proxy_->stop();
  if (workers_) workers_->stop();
  if (core_) core_->stop();
  if (api_) api_->drain();
}

}  // namespace mizzen::apiserver
