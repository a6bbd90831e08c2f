#include "apiserver/proxy/node_gateway.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/core/pod/pod_containers.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "apiserver/answers/status.h"
#include "apiserver/proxy/forward.h"
#include "apiserver/proxy/node_address.h"
#include "async/executor.h"
#include "base/strings.h"
#include "streaming/stream_translate.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {
namespace {

namespace v1 = api::core::v1;
using std::chrono::seconds;

constexpr auto kDialTimeout = seconds(30);
constexpr auto kLookUpTimeout = seconds(5);
constexpr size_t kRefusalBytesMax = 64 * 1024;

http::Slice document(const Error& error) { return encode_status(status_of(error), Format::Json, false); }

/// In the order upstream visits them.
std::vector<std::string> container_names(const v1::Pod& pod) {
  std::vector<std::string> out;
  for (const auto& c : api::containers_of(pod.spec)) out.push_back(c.spec.name);
  return out;
}

http::ClientTlsOptions tls_of(const pki::KeyPair& identity, const std::string& authority_pem) {
  http::ClientTlsOptions out;
  out.ca_pem = authority_pem;
  out.certificate_pem = identity.certificate_pem;
  out.key_pem = identity.key_pem;
  out.http2 = false;  // sessions need an upgrade, and a followed log a connection of its own
  return out;
}

}  // namespace

Result<std::string> choose_container(const v1::Pod& pod, const std::string& asked) {
  const std::string& name = pod.metadata.name;
  const auto names = container_names(pod);
  if (!asked.empty()) {
    if (std::find(names.begin(), names.end(), asked) != names.end()) return asked;
    return Error(Code::BadRequest, fmt::format("container {} is not valid for pod {}", asked, name));
  }
  if (pod.spec.containers.size() == 1) return pod.spec.containers.front().name;
  std::string text = fmt::format("a container name must be specified for pod {}", name);
  if (!pod.spec.containers.empty()) text += fmt::format(", choose one of: [{}]", fmt::join(names, " "));
  return Error(Code::BadRequest, text);
}

struct KubeletGateway::Impl : std::enable_shared_from_this<KubeletGateway::Impl> {
  Impl(Deps d, std::string authority, http::Client::Options o)
      : deps(d), authority_pem(std::move(authority)), client(d.loops, std::move(o)) {}

  void serve(const HandlingPtr& h, const v1::Pod& pod);
  Result<http::Target> node_of(const v1::Pod& pod);
  void log(const HandlingPtr& h, const v1::Pod& pod, const http::Target& target,
           const std::string& container);
  void session(const HandlingPtr& h, const v1::Pod& pod, const http::Target& target,
               const std::string& container);
  void translate(const HandlingPtr& h, http::ClientRequest request);
  void tunnel(const HandlingPtr& h, http::ClientRequest request, const std::string& protocol);
  Result<http::DuplexPtr> dial_spdy(const HandlingPtr& h, http::ClientRequest request,
                                    const std::string& protocol);

  const Deps deps;
  const std::string authority_pem;
  http::Client client;
  ThreadPool pool{deps.core.clock(), {.name = "node-gateway", .threads_max = kSessionsMax}};
  StopSource stop_source;
};

KubeletGateway::KubeletGateway(Deps deps, const pki::KeyPair& identity, const std::string& authority_pem) {
  http::Client::Options options;
  options.tls = tls_of(identity, authority_pem);
  options.connections_per_target_max = 2 * kSessionsMax;
  impl_ = std::make_shared<Impl>(deps, authority_pem, std::move(options));
}

Result<void> KubeletGateway::renew(const pki::KeyPair& identity) {
  return impl_->client.reload_tls(tls_of(identity, impl_->authority_pem));
}

KubeletGateway::~KubeletGateway() { stop(); }

void KubeletGateway::stop() {
  impl_->stop_source.stop();
  impl_->client.stop();
  impl_->pool.stop();
}

void KubeletGateway::serve(const HandlingPtr& handling, const Object& pod) {
  const auto shared = pod.share<v1::Pod>();
  if (!shared) return refuse(handling, Error(Code::InternalError, "not a pod"));
  const bool posted = impl_->pool.post([impl = impl_, handling, shared] { impl->serve(handling, *shared); });
  if (!posted) refuse(handling, Error(Code::TooManyRequests, "too many sessions are open"));
}

Result<http::Target> KubeletGateway::Impl::node_of(const v1::Pod& pod) {
  MZ_ASSIGN(const auto node, deps.core.newest<v1::Node>("", pod.spec.nodeName,
                                                        Deadline::after(kLookUpTimeout, deps.core.clock())));
  return kubelet_target(*node, pod.spec.nodeName == deps.local_node);
}

void KubeletGateway::Impl::serve(const HandlingPtr& h, const v1::Pod& pod) {
  const bool is_log = h->info.subresource == "log";
  const std::string& method = h->exchange->request().method;
  if (method != "GET" && (is_log || method != "POST"))
    return refuse(
        h, Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource"));
  std::string container;
  if (h->info.subresource != "portforward") {
    auto chosen = choose_container(pod, std::string(h->query.get("container")));
    if (!chosen.ok()) return refuse(h, chosen.error());
    container = std::move(*chosen);
  }
  if (pod.spec.nodeName.empty()) {
    if (is_log) return h->exchange->respond(200, {{"Content-Type", "text/plain"}}, http::Slice(""));
    return refuse(
        h, Error(Code::BadRequest, fmt::format("pod {} does not have a host assigned", pod.metadata.name)));
  }
  const auto target = node_of(pod);
  if (!target.ok()) return refuse(h, target.error());
  if (is_log) return log(h, pod, *target, container);
  session(h, pod, *target, container);
}

void KubeletGateway::Impl::log(const HandlingPtr& h, const v1::Pod& pod, const http::Target& target,
                               const std::string& container) {
  http::Query query;
  for (const auto& [name, value] : h->query) {
    if (name != "container" && name != "pretty" && name != "insecureSkipTLSVerifyBackend")
      query.add(name, value);
  }
  http::ClientRequest request;
  request.target = target;
  request.path =
      fmt::format("/containerLogs/{}/{}/{}", pod.metadata.namespace_, pod.metadata.name, container);
  if (!query.empty()) request.path += "?" + query.encode();
  const auto gone = h->exchange->gone();
  http::CallContext context{Deadline::after(kDialTimeout, deps.core.clock()), gone};
  auto reader = client.open(request, context);
  if (!reader.ok()) {
    const std::string host = http::join_host_port(target.pinned_address, target.port);
    return refuse(h, Error(Code::Unknown, fmt::format("Get \"https://{}{}\": {}", host, request.path,
                                                      reader.error().message())));
  }
  if ((*reader)->status() != 200) {
    const auto text = (*reader)->read_all(kRefusalBytesMax, context);
    return refuse(h, from_backend((*reader)->status(), text.ok() ? *text : ""));
  }
  if (http::WebSocket::wanted(h->exchange->request()))
    return forward_messages(h, **reader, stop_source.token());
  forward_body(h, **reader, 200, {{"Content-Type", "text/plain"}}, stop_source.token());
}

void KubeletGateway::Impl::session(const HandlingPtr& h, const v1::Pod& pod, const http::Target& target,
                                   const std::string& container) {
  const auto& asked = h->exchange->request();
  const std::string& kind = h->info.subresource;
  http::ClientRequest request;
  request.method = asked.method;
  request.target = target;
  const std::string pod_path = fmt::format("{}/{}", pod.metadata.namespace_, pod.metadata.name);
  if (kind == "portforward") {
    request.path = "/portForward/" + pod_path;
    http::Query query;
    for (const auto port : h->query.all("ports")) query.add("port", std::string(port));
    if (!query.empty()) request.path += "?" + query.encode();
    const auto tunnelled =
        http::WebSocket::wanted(asked) ? http::tunnelled_protocols(asked) : std::vector<std::string>();
    return tunnelled.empty() ? forward_upgrade(h, client, std::move(request))
                             : tunnel(h, std::move(request), tunnelled.front());
  }
  http::Query query;
  for (const auto& [theirs, ours] :
       {std::pair{"stdin", "input"}, {"stdout", "output"}, {"stderr", "error"}, {"tty", "tty"}}) {
    if (h->query.flag(theirs)) query.add(ours, "1");
  }
  for (const auto word : h->query.all("command")) query.add("command", std::string(word));
  request.path = fmt::format("/{}/{}/{}?{}", kind, pod_path, container, query.encode());
  const bool websocket = http::WebSocket::wanted(asked);
  if (websocket && !http::WebSocket::choose(asked, {http::kStreamProtocolV5}).empty())
    return translate(h, std::move(request));
  forward_upgrade(h, client, std::move(request));
}

Result<http::DuplexPtr> KubeletGateway::Impl::dial_spdy(const HandlingPtr& h, http::ClientRequest request,
                                                        const std::string& protocol) {
  request.method = "POST";
  request.headers = {
      {"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}, {"X-Stream-Protocol-Version", protocol}};
  auto upgraded =
      client.dial_upgrade(request, {Deadline::after(kDialTimeout, deps.core.clock()), h->exchange->gone()});
  if (!upgraded.ok()) return dial_failed(upgraded.error());
  if (!upgraded->duplex) return from_backend(upgraded->status, upgraded->body);
  return std::move(upgraded->duplex);
}

void KubeletGateway::Impl::translate(const HandlingPtr& h, http::ClientRequest request) {
  auto spdy = dial_spdy(h, std::move(request), http::kStreamProtocolV4);
  if (!spdy.ok()) return refuse(h, spdy.error());
  auto socket = http::WebSocket::accept(*h->exchange, http::kStreamProtocolV5,
                                        {.message_bytes_max = http::kStreamMessageBytesMax});
  if (!socket.ok()) {
    (*spdy)->cut();
    return refuse(h, socket.error());
  }
  http::TranslateOptions options;
  options.stdin_wanted = h->query.flag("stdin");
  options.stdout_wanted = h->query.flag("stdout");
  options.stderr_wanted = h->query.flag("stderr");
  options.tty = h->query.flag("tty");
  options.failure_status = [](const std::string& why) {
    return std::string(document(Error(Code::InternalError, why)).view());
  };
  h->answered(101, 0, deps.core.clock().monotonic());
  http::translate_streams(std::move(*socket), std::move(*spdy), std::move(options));
}

void KubeletGateway::Impl::tunnel(const HandlingPtr& h, http::ClientRequest request,
                                  const std::string& protocol) {
  auto spdy = dial_spdy(h, std::move(request), protocol);
  if (!spdy.ok()) return refuse(h, spdy.error());
  auto socket = http::WebSocket::accept(*h->exchange, http::kTunnelPrefix + protocol,
                                        {.message_bytes_max = http::kStreamMessageBytesMax});
  if (!socket.ok()) {
    (*spdy)->cut();
    return refuse(h, socket.error());
  }
  h->answered(101, 0, deps.core.clock().monotonic());
  http::tunnel_websocket(std::move(*socket), std::move(*spdy));
}

}  // namespace mizzen::apiserver
