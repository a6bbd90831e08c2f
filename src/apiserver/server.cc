#include "apiserver/server.h"

#include <fmt/format.h>

#include "apiserver/allocate/ranges/address_range.h"
#include "apiserver/registry/cache_metrics.h"
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

namespace {

pki::CertificateRequest client_request(const std::string& common_name) {
  pki::CertificateRequest out;
  out.common_name = common_name;
  out.organisations = {"system:masters"};
  out.client = true;
  return out;
}

}  // namespace

Result<pki::KeyPair> ApiServer::keep(const std::string& name, pki::CertificateRequest request,
                                     std::function<Result<void>(const pki::KeyPair&)> shown) {
  const std::string folder = options_.data_dir + "/pki";
  request.lifetime = options_.certificate_lifetime;
  MZ_ASSIGN(auto first, pki::ensure_issued(*authority_, folder, name, request, deps_.clock.wall()));
  if (!deps_.timers) return first;
  const Runtime runtime{deps_.clock, deps_.random, *workers_, *deps_.timers};
  auto& kept = renewed_.emplace_back(std::make_unique<pki::RenewedPair>(
      runtime,
      pki::RenewedPair::Options{name,
                                [this, folder, name, request] {
                                  return pki::issue_and_save(*authority_, folder, name, request,
                                                             deps_.clock.wall());
                                }},
      first));
  kept->follow([name, shown = std::move(shown)](const pki::KeyPair& now) {
    if (const auto r = shown(now); !r.ok())
      log::error("server", "a renewed certificate cannot be used",
                 {log::kv("name", name), log::kv("err", r.error().message())});
  });
  return first;
}

std::string ApiServer::external_address() const {
  return fmt::format("{}:{}", options_.external_names.empty() ? "127.0.0.1" : options_.external_names[0],
                     options_.port);
}

Result<pki::CertificateRequest> ApiServer::serving_request() const {
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
  return request;
}

http::ServerTlsOptions ApiServer::tls_of(const pki::KeyPair& serving) const {
  return {serving.certificate_pem, serving.key_pem, authority_->certificate_pem()};
}

Result<void> ApiServer::init() {
  MZ_ASSIGN(authority_,
            pki::ensure_authority(options_.data_dir + "/pki", "ca", "mizzen-ca", deps_.clock.wall()));
  MZ_TRY(serving_request());  // what is wrong with the options is told before anything is opened
  MZ_ASSIGN(token_keys_,
            auth::open_token_keys(options_.tokens, options_.data_dir + "/pki", external_address()));
  workers_ = std::make_unique<ThreadPool>(
      deps_.clock, ThreadPool::Options{"api-worker", options_.workers_max, 8192, 10'000});
  core_ = std::make_unique<Core>(
      Core::Deps{deps_.store, deps_.clock, deps_.random, deps_.resources, &deps_.metrics, &*token_keys_},
      options_.core);
  register_build_info(deps_.metrics);
  authorizer_ = std::make_unique<auth::ComponentAuthorizer>();
  return {};
}

Result<void> ApiServer::start(Deadline deadline) {
  MZ_TRY(core_->start(deadline));
  deps_.health.add(
      "etcd", [this] { return deps_.store.health(Deadline::after(std::chrono::seconds(1), deps_.clock)); });
  if (!deps_.nodes) {
    MZ_ASSIGN(const auto identity,
              keep("apiserver-kubelet-client", client_request("kube-apiserver-kubelet-client"),
                   [this](const pki::KeyPair& now) { return gateway_->renew(now); }));
    gateway_ =
        std::make_unique<KubeletGateway>(KubeletGateway::Deps{deps_.loops, *core_, options_.local_node},
                                         identity, authority_->certificate_pem());
  }
  proxy_ = std::make_unique<WorkloadProxy>(WorkloadProxy::Deps{deps_.loops, *core_, deps_.random});
  NodeGateway* nodes = deps_.nodes ? deps_.nodes : gateway_.get();
  HttpApi::Deps deps{*core_,       core_->credentials(), *authorizer_, *workers_,
                     deps_.health, deps_.metrics,        nodes,        proxy_.get()};
  api_ = std::make_unique<HttpApi>(deps, external_address());
  MZ_ASSIGN(const pki::CertificateRequest request, serving_request());
  MZ_ASSIGN(const pki::KeyPair serving, keep("apiserver", request, [this](const pki::KeyPair& now) {
              return server_->reload_tls(tls_of(now));
            }));
  http::Server::Options server;
  server.address = options_.address;
  // What a client that takes nothing can make us hold, for each of its streams.
  server.stream_buffer_bytes_max = kStreamBufferBytes;
  server.port = options_.port;
  server.tls = tls_of(serving);
  server_ = std::make_unique<http::Server>(deps_.loops, std::move(server),
                                           [this](http::ExchangePtr e) { api_->handle(std::move(e)); });
  MZ_TRY(server_->start());
  MZ_ASSIGN(const pki::KeyPair admin,
            keep("admin", client_request("kubernetes-admin"),
                 [this](const pki::KeyPair& now) { return write_kubeconfig(now); }));
  for (const auto& kept : renewed_) kept->start();
  return write_kubeconfig(admin);
}

Result<void> ApiServer::write_kubeconfig(const pki::KeyPair& admin) const {
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
  for (const auto& kept : renewed_) kept->stop();
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
