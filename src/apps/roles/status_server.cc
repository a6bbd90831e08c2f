#include "apps/roles/status_server.h"

#include "auth/authenticate/credentials.h"
#include "auth/authorize/components.h"
#include "http/message/url.h"
#include "linux/files/system_info.h"
#include "pki/authority.h"

namespace mizzen::apps {
namespace {

/// Whether who asks may see this path.
Result<void> allowed(const http::Request& request, const std::string& path) {
  MZ_ASSIGN(const auth::User user, auth::Credentials({}).authenticate(request));
  auth::RequestInfo info;
  info.method = "get";
  info.path = path;
  return auth::authorize(auth::ComponentAuthorizer(), user, info);
}

}  // namespace

StatusServer::StatusServer(Deps deps, Options options) : deps_(deps), options_(std::move(options)) {}

Result<void> StatusServer::start() {
  const std::string host = linux::system_info().hostname;
  MZ_ASSIGN(const pki::Authority authority, pki::Authority::create(host + "-ca", deps_.clock.wall()));
  MZ_ASSIGN(const pki::KeyPair serving, authority.issue({.common_name = host,
                                                         .dns_names = {host, "localhost"},
                                                         .ip_addresses = {"127.0.0.1"},
                                                         .server = true},
                                                        deps_.clock.wall()));
  http::Server::Options o;
  o.address = options_.address == "0.0.0.0" ? "" : options_.address;
  o.port = options_.port;
  o.upgrades.clear();
  auto& tls = o.tls.emplace();
  tls.certificate_pem = serving.certificate_pem;
  tls.key_pem = serving.key_pem;
  tls.client_ca_pem = options_.client_ca_pem;
  server_ =
      std::make_unique<http::Server>(deps_.loops, std::move(o), [this](http::ExchangePtr e) { answer(e); });
  return server_->start();
}

void StatusServer::answer(const http::ExchangePtr& exchange) const {
  const http::Request& request = exchange->request();
  const auto segments = http::split_path(request.path);
  if (request.method != "GET" || !segments.ok() || segments->empty())
    return exchange->respond_text(404, "404 page not found");
  if (const auto may = allowed(request, request.path); !may.ok())
    return exchange->respond_text(http_status(may.error().code()), may.error().message());
  const std::string& first = segments->front();
  if (first == "metrics" && segments->size() == 1)
    return exchange->respond(200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                             http::Slice(deps_.metrics.text()));
  if (first != "healthz" && first != "livez" && first != "readyz")
    return exchange->respond_text(404, "404 page not found");
  std::string check;
  for (size_t i = 1; i < segments->size(); ++i) check += (i > 1 ? "/" : "") + (*segments)[i];
  const auto query = http::Query::parse(request.query);
  const bool verbose = query.ok() && query->has("verbose");
  std::vector<std::string> excluded;
  if (query.ok())
    for (const std::string_view e : query->all("exclude")) excluded.emplace_back(e);
  const Health::Answer told =
      check.empty() ? deps_.health.summary(first, verbose, excluded) : deps_.health.single(first, check);
  exchange->respond(told.status, {{"Content-Type", "text/plain; charset=utf-8"}}, http::Slice(told.body));
}

void StatusServer::stop(Deadline deadline) {
  if (server_) server_->stop(deadline);
}

}  // namespace mizzen::apps
