#include "apiserver/proxy/workload_proxy.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "apiserver/proxy/forward.h"
#include "apiserver/proxy/proxy_target.h"
#include "async/executor.h"

namespace mizzen::apiserver {
namespace {

namespace v1 = api::core::v1;

constexpr auto kAnswerTimeout = std::chrono::seconds(60);
constexpr auto kLookUpTimeout = std::chrono::seconds(5);

}  // namespace

struct WorkloadProxy::Impl : std::enable_shared_from_this<WorkloadProxy::Impl> {
  Impl(Deps d, http::Client::Options o) : deps(d), client(d.loops, std::move(o)) {}

  Result<http::Target> target_of(const auth::RequestInfo& info);
  Result<http::Target> target_of_service(const std::string& ns, const ProxyName& asked);
  template <typename T>
  Result<std::shared_ptr<const T>> find(const std::string& ns, const std::string& name) {
    return deps.core.newest<T>(ns, name, Deadline::after(kLookUpTimeout, deps.core.clock()));
  }
  void pass(const HandlingPtr& h, std::string body);
  void answer(const HandlingPtr& h, const http::ClientRequest& request, const std::string& prefix);

  const Deps deps;
  http::Client client;
  ThreadPool pool{deps.core.clock(), {.name = "workload-proxy", .threads_max = kRequestsMax}};
  StopSource stop_source;
};

WorkloadProxy::WorkloadProxy(Deps deps) {
  http::Client::Options options;
  options.tls.insecure_skip_verify = true;  // pods bring certificates of their own
  options.tls.http2 = false;
  impl_ = std::make_shared<Impl>(deps, std::move(options));
}

WorkloadProxy::~WorkloadProxy() { stop(); }

void WorkloadProxy::stop() {
  impl_->stop_source.stop();
  impl_->client.stop();
  impl_->pool.stop();
}

void WorkloadProxy::serve(const HandlingPtr& h) {
  const auto post = [impl = impl_, h](std::string body) {
    if (!impl->pool.post([impl, h, text = std::move(body)]() mutable { impl->pass(h, std::move(text)); }))
      refuse(h, Error(Code::TooManyRequests, "too many requests are being passed on"));
  };
  if (h->exchange->wants_upgrade()) return post("");
  h->exchange->read_body(HttpApi::kBodyBytesMax, [h, post](Result<std::string> body) {
    if (!body.ok()) return refuse(h, body.error());
    post(std::move(*body));
  });
}

Result<http::Target> WorkloadProxy::Impl::target_of(const auth::RequestInfo& info) {
  const auto asked = parse_proxy_name(info.name);
  const bool service = info.resource == "services";
  if (!asked)
    return Error(Code::BadRequest,
                 fmt::format("invalid {} request \"{}\"", service ? "service" : "pod", info.name));
  if (service) return target_of_service(info.namespace_, *asked);
  MZ_ASSIGN(const auto pod, find<v1::Pod>(info.namespace_, asked->name));
  return proxied_pod(*pod, *asked);
}

Result<http::Target> WorkloadProxy::Impl::target_of_service(const std::string& ns, const ProxyName& asked) {
  MZ_ASSIGN(const auto service, find<v1::Service>(ns, asked.name));
  const auto endpoints = find<v1::Endpoints>(ns, asked.name);
  if (!endpoints.ok() && endpoints.error().code() != Code::NotFound) return endpoints.error();
  MZ_ASSIGN(const auto chosen, proxied_endpoint(service.get(), endpoints.ok() ? endpoints->get() : nullptr,
                                                asked, deps.random.below(UINT32_MAX)));
  // Whoever may write Endpoints must not reach what is no pod of this namespace.
  const auto pod = find<v1::Pod>(ns, chosen.pod);
  const auto is_its = [&](const v1::PodIP& ip) { return ip.ip == chosen.ip; };
  if (!pod.ok() || std::none_of((*pod)->status.podIPs.begin(), (*pod)->status.podIPs.end(), is_its))
    return Error(Code::ServiceUnavailable,
                 fmt::format("no endpoints available for service \"{}\"", asked.name));
  return proxied_address(chosen.ip, chosen.port, asked);
}

void WorkloadProxy::Impl::pass(const HandlingPtr& h, std::string body) {
  const auto target = target_of(h->info);
  if (!target.ok()) return refuse(h, target.error());
  const http::Request& asked = h->exchange->request();
  constexpr size_t kSegments = 7;  // api v1 namespaces NS pods NAME proxy
  const std::string_view rest = path_after(asked.path, kSegments);
  const std::string query = asked.query.empty() ? "" : "?" + asked.query;
  http::ClientRequest request;
  request.method = asked.method;
  request.target = *target;
  request.path = (rest.empty() ? "/" : std::string(rest)) + query;
  if (h->exchange->wants_upgrade()) return forward_upgrade(h, client, std::move(request));
  if (rest.empty() && (asked.method == "GET" || asked.method == "HEAD"))
    return h->exchange->respond(301, {{"Location", asked.path + "/" + query}}, http::Body());
  request.headers = passed_on(asked.headers, true);
  const std::string prefix = asked.path.substr(0, asked.path.size() - rest.size());
  request.headers.set("X-Forwarded-Uri", asked.path);
  const std::string from = asked.remote.substr(0, asked.remote.rfind(':'));
  const std::string before(asked.headers.get("X-Forwarded-For"));
  request.headers.set("X-Forwarded-For", before.empty() ? from : before + ", " + from);
  if (!body.empty()) request.body = {http::Slice(std::move(body))};
  answer(h, request, prefix);
}

void WorkloadProxy::Impl::answer(const HandlingPtr& h, const http::ClientRequest& request,
                                 const std::string& prefix) {
  http::CallContext context{Deadline::after(kAnswerTimeout, deps.core.clock()), h->exchange->gone()};
  auto reader = client.open(request, context);
  if (!reader.ok())
    return refuse(
        h, Error(Code::ServiceUnavailable, "error trying to reach service: " + reader.error().message()));
  const int status = (*reader)->status();
  http::Headers headers = passed_on((*reader)->headers(), false);
  if (headers.has("Location"))
    headers.set("Location", passed_location(headers.get("Location"), prefix, request.target.authority(),
                                            h->exchange->request().authority));
  if (request.method == "HEAD" || status == 204 || status == 304)
    return h->exchange->respond(status, std::move(headers), http::Body());
  forward_body(h, **reader, status, std::move(headers), stop_source.token());
}

}  // namespace mizzen::apiserver
