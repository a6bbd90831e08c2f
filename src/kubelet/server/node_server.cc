#include "kubelet/server/node_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "api/schema/core/v1/pod.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "cri/blocking.h"
#include "http/exchange/duplex.h"
#include "http/message/url.h"
#include "kubelet/logs/log_request.h"
#include "kubelet/stats/resource_metrics.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using http::ExchangePtr;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kFollowEvery = milliseconds(200);
constexpr auto kFullEvery = milliseconds(20);
constexpr auto kAuthTimeout = seconds(10);
constexpr auto kStopGrace = seconds(2);
constexpr size_t kFollowersMax = 100;
/// Of what is said to be used: many who ask at once cost one reading.
constexpr auto kStatsAge = seconds(1);
constexpr size_t kManifestBytesMax = 3u << 20;
constexpr auto kStreamSetupTimeout = seconds(30);

using Words = std::vector<std::string>;

bool upgrade_header(const std::string& name) {
  static const Words kDropped = {"host", "authorization", "content-length", "transfer-encoding"};
  return std::find(kDropped.begin(), kDropped.end(), to_lower(name)) == kDropped.end();
}

http::Headers text_headers() { return http::Headers{{"Content-Type", "text/plain; charset=utf-8"}}; }

}  // namespace

struct NodeServer::Impl : std::enable_shared_from_this<NodeServer::Impl> {
  Impl(Deps d, Options o)
      : deps(d),
        options(std::move(o)),
        pool(deps.clock, {.name = "node-api", .threads_max = options.workers_max}),
        streams(d.loops, client_options()) {}

  static http::Client::Options client_options() {
    http::Client::Options out;
    out.user_agent = "";
    return out;
  }

  void handle(ExchangePtr exchange);
  http::ServerTlsOptions tls_of(const pki::KeyPair& serving) const;
  void route(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void push(const ExchangePtr& exchange);
  void list_pods(const ExchangePtr& exchange, bool running);
  void summary(const ExchangePtr& exchange, const http::Query& query);
  void logs(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void send_log(const ExchangePtr& exchange, LogFile file, const LogRequest& wanted, const std::string& id);
  void exec(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void attach(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void port_forward(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void run(const ExchangePtr& exchange, const Words& path, const http::Query& query);
  void proxy(const ExchangePtr& exchange, const std::string& url, const std::string& query);
  Result<std::string> running_container(const Words& path);

  const Deps deps;
  const Options options;
  ThreadPool pool;
  http::Client streams;
  std::unique_ptr<http::Server> server;
  std::atomic<size_t> followers = 0;
  StopSource stop_source;
};

NodeServer::NodeServer(Deps deps, Options options)
    : impl_(std::make_shared<Impl>(deps, std::move(options))) {}
NodeServer::~NodeServer() { stop(); }

Result<void> NodeServer::start() {
  http::Server::Options o;
  o.address = impl_->options.address;
  o.port = impl_->options.port;
  o.tls = impl_->tls_of(impl_->deps.identity.serving());
  impl_->server = std::make_unique<http::Server>(
      impl_->deps.loops, o, [impl = impl_](ExchangePtr e) { impl->handle(std::move(e)); });
  MZ_TRY(impl_->server->start());
  impl_->deps.identity.follow([impl = impl_.get()](const pki::KeyPair& now) {
    if (const auto r = impl->server->reload_tls(impl->tls_of(now)); !r.ok())
      log::error("kubelet", "a renewed certificate cannot be used", {log::kv("err", r.error().message())});
  });
  return {};
}

void NodeServer::stop() {
  impl_->deps.identity.follow(nullptr);
  impl_->stop_source.stop();
  if (impl_->server) impl_->server->stop(Deadline::after(kStopGrace, impl_->deps.clock));
  impl_->streams.stop();
  impl_->pool.stop();
  impl_->server.reset();  // it holds the handler, which holds us
}

uint16_t NodeServer::port() const { return impl_->server ? impl_->server->port() : 0; }

http::ServerTlsOptions NodeServer::Impl::tls_of(const pki::KeyPair& serving) const {
  return {serving.certificate_pem, serving.key_pem, deps.auth.client_ca_pem()};
}

void NodeServer::Impl::handle(ExchangePtr exchange) {
  const bool posted = pool.post([self = shared_from_this(), exchange] {
    const http::Request& request = exchange->request();
    const auto path = http::split_path(request.path);
    const auto query = http::Query::parse(request.query);
    if (!path.ok()) return exchange->respond_text(400, path.error().message());
    if (!query.ok()) return exchange->respond_text(400, query.error().message());
    const auto deadline = Deadline::after(kAuthTimeout, self->deps.clock);
    if (const auto no = denial_of(self->deps.auth, request, node_call(request.method, *path), deadline))
      return exchange->respond_text(no->status, no->text);
    self->route(exchange, *path, *query);
  });
  if (!posted) exchange->respond_text(503, "the node is too busy");
}

void NodeServer::Impl::route(const ExchangePtr& exchange, const Words& path, const http::Query& query) {
  const std::string first = path.empty() ? "" : path.front();
  const size_t n = path.size();
  if (first == "healthz") return exchange->respond(200, text_headers(), http::Slice("ok"));
  static const Words kDebugging = {"containerLogs", "exec",        "attach",    "portForward",
                                   "run",           "runningpods", "container", "containers"};
  if (!options.debugging && std::find(kDebugging.begin(), kDebugging.end(), first) != kDebugging.end())
    return exchange->respond_text(405, "Debug endpoints are disabled.");
  if (first == "pods" && n == 1) return list_pods(exchange, false);
  if (first == "runningpods" && n == 1) return list_pods(exchange, true);
  if (deps.stats && first == "stats" && n == 2 && path[1] == "summary") return summary(exchange, query);
  if (deps.stats && first == "metrics" && n == 2 && path[1] == "resource") {
    auto lines = resource_metrics(*deps.stats->read(StatsManager::Depth::All, kStatsAge));
    return exchange->respond(200, text_headers(), http::Slice(std::move(lines)));
  }
  if (first == "containerLogs" && n == 4) return logs(exchange, path, query);
  if (first == "exec" && (n == 4 || n == 5)) return exec(exchange, path, query);
  if (first == "attach" && (n == 4 || n == 5)) return attach(exchange, path, query);
  if (first == "portForward" && (n == 3 || n == 4)) return port_forward(exchange, path, query);
  if (first == "run" && (n == 4 || n == 5)) return run(exchange, path, query);
  if (deps.push && n == 1 && (first == "container" || first == "containers")) return push(exchange);
  exchange->respond_text(404, "404 page not found");
}

/// The founding agent's fourth source: what is pushed is all that this source wants to run.
void NodeServer::Impl::push(const ExchangePtr& exchange) {
  if (exchange->request().method != "POST") return exchange->respond_text(405, "405 method not allowed");
  exchange->read_body(kManifestBytesMax, [self = shared_from_this(), exchange](Result<std::string> body) {
    if (!body.ok())
      return exchange->respond_text(body.error().code() == Code::RequestEntityTooLarge ? 413 : 400,
                                    body.error().message());
    const bool posted = self->pool.post([self, exchange, text = std::move(*body)] {
      const auto done = self->deps.push(text);
      if (done.ok()) return exchange->respond(200, text_headers(), http::Slice("ok"));
      const bool starting = done.error().code() == Code::ServiceUnavailable;
      exchange->respond_text(starting ? 503 : 400, done.error().message());
    });
    if (!posted) exchange->respond_text(503, "the node is too busy");
  });
}

void NodeServer::Impl::list_pods(const ExchangePtr& exchange, bool running) {
  api::core::v1::PodList list;
  for (const auto& pod : deps.workers.pods()) {
    if (!running || pod->status.phase == "Running") list.items.push_back(*pod);
  }
  const codec::TypeMeta type{"v1", "PodList"};
  std::string out;
  codec::encode_json(out, api::core::v1::PodList::descriptor(), &list, &type);
  exchange->respond(200, http::Headers{{"Content-Type", "application/json"}}, http::Slice(std::move(out)));
}

void NodeServer::Impl::summary(const ExchangePtr& exchange, const http::Query& query) {
  const bool all = !query.flag("only_cpu_and_memory");
  if (all) deps.stats->want_all();
  const auto read = deps.stats->read(StatsManager::Depth::All, kStatsAge);
  std::string out = codec::to_json(all ? *read : cpu_and_memory_of(*read));
  exchange->respond(200, http::Headers{{"Content-Type", "application/json"}}, http::Slice(std::move(out)));
}

void NodeServer::Impl::logs(const ExchangePtr& exchange, const Words& path, const http::Query& query) {
  const auto pod = deps.workers.find(path[1], path[2]);
  if (!pod) return exchange->respond_text(404, fmt::format("pod \"{}\" does not exist", path[2]));
  const std::string& container = path[3];
  if (!find_container(*pod, container)) {
    return exchange->respond_text(
        404, fmt::format("container \"{}\" not found in pod \"{}\"", container, path[2]));
  }
  const auto wanted = parse_log_request(query, deps.clock.wall());
  if (!wanted.ok())
    return exchange->respond_text(
        422, fmt::format("{{\"message\": \"Invalid request: {}.\"}}", wanted.error().message()));
  const auto id = container_of_log(*pod, container, wanted->previous);
  if (!id.ok()) return exchange->respond_text(400, id.error().message());
  cri::v1::ContainerStatusRequest request;
  request.container_id = *id;
  const auto status = cri::wait<&cri::Runtime::container_status>(
      deps.runtime, request, Deadline::after(kRuntimeTimeout, deps.clock));
  if (!status.ok() || !status->status) {
    return exchange->respond_text(400, fmt::format("failed to get container status: {}",
                                                   status.ok() ? "empty" : status.error().message()));
  }
  auto file = LogFile::open(status->status->log_path, wanted->options);
  if (!file.ok())
    return exchange->respond_text(500, fmt::format("failed to open log file: {}", file.error().message()));
  send_log(exchange, std::move(*file), *wanted, *id);
}

void NodeServer::Impl::send_log(const ExchangePtr& exchange, LogFile file, const LogRequest& wanted,
                                const std::string& id) {
  struct Count {
    std::atomic<size_t>& n;
    explicit Count(std::atomic<size_t>& counter) : n(counter) { ++n; }
    ~Count() { --n; }
  };
  const Count count(followers);
  if (wanted.follow && followers > kFollowersMax)
    return exchange->respond_text(503, "too many logs are followed on this node");
  const auto gone = exchange->gone();
  auto stream = exchange->start_stream(200, text_headers());
  if (!stream) return;
  const auto write = [&](std::string text) {
    const http::Slice slice(std::move(text));
    for (;;) {
      const auto done = stream->write(slice);
      if (done == http::Stream::Write::Ok) return true;
      if (done == http::Stream::Write::Closed || stop_source.token().stopped()) return false;
      if (gone.wait_until(Deadline::after(kFullEvery, deps.clock))) return false;
    }
  };
  int quiet = 0;
  bool ended = !wanted.follow;
  for (;;) {
    auto text = file.next();
    if (!text.ok()) break;
    if (!text->empty()) {
      quiet = 0;
      if (!write(std::move(*text))) return;
      continue;
    }
    if (ended || file.exhausted()) break;
    if (const auto replaced = file.reopen_if_replaced(); replaced.ok() && *replaced) continue;
    // Once a second is enough to see that the container ended; then one last look at what it wrote.
    if (++quiet % 5 == 0 && !deps.cache.is_running(id)) ended = true;
    if (!ended &&
        (stop_source.token().stopped() || gone.wait_until(Deadline::after(kFollowEvery, deps.clock))))
      return;
  }
  stream->finish();
}

Result<std::string> NodeServer::Impl::running_container(const Words& path) {
  const auto pod = deps.workers.find(path[1], path[2]);
  if (!pod || (path.size() == 5 && pod->metadata.uid != path[3]))
    return Error(Code::NotFound, "pod does not exist");
  const std::string& name = path.back();
  const auto state = deps.cache.pod(pod->metadata.uid);
  const auto* newest = state.newest(name);
  if (!newest || newest->state != ContainerRecord::State::Running) {
    return Error(Code::InternalError, fmt::format("container not found ({})", quote(name)));
  }
  return newest->id;
}

void NodeServer::Impl::exec(const ExchangePtr& exchange, const Words& path, const http::Query& query) {
  const auto id = running_container(path);
  if (!id.ok())
    return exchange->respond_text(id.error().code() == Code::NotFound ? 404 : 500, id.error().message());
  cri::v1::ExecRequest request;
  request.container_id = *id;
  for (const auto word : query.all("command")) request.cmd.emplace_back(word);
  request.stdin = query.flag("input");
  request.stdout = query.flag("output");
  request.tty = query.flag("tty");
  request.stderr = query.flag("error") && !request.tty;
  const auto answer =
      cri::wait<&cri::Runtime::exec>(deps.runtime, request, Deadline::after(kRuntimeTimeout, deps.clock));
  if (!answer.ok()) return exchange->respond_text(500, answer.error().message());
  proxy(exchange, answer->url, "");
}

void NodeServer::Impl::attach(const ExchangePtr& exchange, const Words& path, const http::Query& query) {
  const auto id = running_container(path);
  if (!id.ok())
    return exchange->respond_text(id.error().code() == Code::NotFound ? 404 : 500, id.error().message());
  const auto pod = deps.workers.find(path[1], path[2]);
  const auto* container = pod ? find_container(*pod, path.back()) : nullptr;
  cri::v1::AttachRequest request;
  request.container_id = *id;
  request.stdin = query.flag("input");
  request.stdout = query.flag("output");
  request.tty = container && container->tty;
  request.stderr = query.flag("error") && !request.tty;
  const auto answer =
      cri::wait<&cri::Runtime::attach>(deps.runtime, request, Deadline::after(kRuntimeTimeout, deps.clock));
  if (!answer.ok()) return exchange->respond_text(500, answer.error().message());
  proxy(exchange, answer->url, "");
}

void NodeServer::Impl::port_forward(const ExchangePtr& exchange, const Words& path,
                                    const http::Query& query) {
  const auto pod = deps.workers.find(path[1], path[2]);
  if (!pod || (path.size() == 4 && pod->metadata.uid != path[3]))
    return exchange->respond_text(404, "pod does not exist");
  const auto state = deps.cache.pod(pod->metadata.uid);
  const auto ready =
      std::find_if(state.sandboxes.begin(), state.sandboxes.end(), [](const auto& s) { return s.ready; });
  if (ready == state.sandboxes.end())
    return exchange->respond_text(500, fmt::format("pod not found (\"{}_{}\")", path[2], path[1]));
  cri::v1::PortForwardRequest request;
  request.pod_sandbox_id = ready->id;
  std::string rest;
  for (const auto port : query.all("port")) {
    if (const auto number = parse_int<int32_t>(port)) {
      request.port.push_back(*number);
      rest += fmt::format("{}port={}", rest.empty() ? "" : "&", *number);
    }
  }
  const auto answer = cri::wait<&cri::Runtime::port_forward>(deps.runtime, request,
                                                             Deadline::after(kRuntimeTimeout, deps.clock));
  if (!answer.ok()) return exchange->respond_text(500, answer.error().message());
  proxy(exchange, answer->url, rest);
}

void NodeServer::Impl::run(const ExchangePtr& exchange, const Words& path, const http::Query& query) {
  const auto id = running_container(path);
  if (!id.ok())
    return exchange->respond_text(id.error().code() == Code::NotFound ? 404 : 500, id.error().message());
  cri::v1::ExecSyncRequest request;
  request.container_id = *id;
  for (const auto word : split(query.get("cmd"), ' ')) {
    if (!word.empty()) request.cmd.emplace_back(word);
  }
  const auto answer = cri::wait<&cri::Runtime::exec_sync>(deps.runtime, request,
                                                          Deadline::after(kRuntimeTimeout, deps.clock));
  if (!answer.ok()) return exchange->respond_text(500, answer.error().message());
  exchange->respond(answer->exit_code == 0 ? 200 : 500, text_headers(),
                    http::Slice(answer->stdout + answer->stderr));
}

/// Passes the upgraded connection on to the runtime's streaming server, byte for byte: whatever the two ends
/// speak.
void NodeServer::Impl::proxy(const ExchangePtr& exchange, const std::string& url, const std::string& query) {
  const auto parsed = http::parse_url(url);
  if (!parsed.ok()) return exchange->respond_text(500, parsed.error().message());
  http::ClientRequest request;
  request.method = exchange->request().method;
  request.target = parsed->target;
  request.path = query.empty() ? parsed->path_and_query() : parsed->path + "?" + query;
  for (const auto& header : exchange->request().headers) {
    if (upgrade_header(header.name)) request.headers.add(header.name, header.value);
  }
  http::CallContext context;
  context.deadline = Deadline::after(kStreamSetupTimeout, deps.clock);
  context.stop = exchange->gone();
  auto upgraded = streams.dial_upgrade(request, context);
  if (!upgraded.ok()) return exchange->respond_text(502, upgraded.error().message());
  if (!upgraded->duplex)
    return exchange->respond(upgraded->status, text_headers(), http::Slice(std::move(upgraded->body)));
  auto ours = exchange->upgrade(upgraded->headers);
  if (!ours.ok()) {
    upgraded->duplex->cut();
    return exchange->respond_text(400, ours.error().message());
  }
  http::splice(std::move(*ours), std::move(upgraded->duplex));
}

}  // namespace mizzen::kubelet
