#include "apps/roles/remote_api.h"

#include <cstdlib>

#include "api/builtin.h"
#include "rest/config/auth_file.h"
#include "rest/config/kubeconfig.h"

namespace mizzen::apps {
namespace {

Result<rest::RestConfig> read_config(const RemoteApi::Options& options) {
  const std::string& path = options.kubeconfig;
  if (path.empty() && !options.api_servers.empty())
    return rest::load_auth_file(options.api_servers, options.auth_path);
  if (!path.empty()) return rest::load_kubeconfig(path);
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !port) return Error(Code::BadRequest, "which API server? Name a kubeconfig with --kubeconfig");
  return rest::in_cluster_config(host, port);
}

}  // namespace

Result<void> RemoteApi::open(const Options& options, Deadline deadline) {
  MZ_ASSIGN(rest::RestConfig config, read_config(options));
  config.user_agent = options.user_agent;
  config.qps = options.qps;
  config.burst = options.burst;
  const http::ClientTlsOptions tls = config.tls;
  sender_ = std::make_shared<rest::Sender>(loops_, runtime_, std::move(config));
  const api::RegistryPtr known = api::builtin();
  MZ_ASSIGN(api::RegistryPtr first, rest::discover_first(*sender_, *known, real_clock(), deadline));
  resources_.emplace(std::move(first));
  client_.emplace(rest::RestClient::Deps{sender_, *resources_, known, runtime_});
  discovery_.emplace(rest::Discovery::Deps{*sender_, known, *resources_, runtime_});
  discovery_->start();
  identity_.emplace(
      runtime_,
      rest::IdentityWatch::Options{[options] { return read_config(options); },
                                   [sender = sender_](const auto& now) { return sender->renew(now); }},
      tls);
  identity_->start();
  return {};
}

void RemoteApi::stop() {
  if (identity_) identity_->stop();
  if (discovery_) discovery_->stop();
  if (sender_) sender_->stop();
}

}  // namespace mizzen::apps
