#include "kubelet/probes/handler_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "kubelet/probes/grpc_probe.h"
#include "kubelet/probes/redirect.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using Outcome = HandlerResult::Outcome;

constexpr size_t kOutputBytesMax = 10 * 1024;
constexpr int kRedirectsMax = 10;
constexpr const char* kProbeAgent = "kube-probe/1.36";
constexpr const char* kHookAgent = "kube-lifecycle/1.36";

std::string cut(std::string text) {
  if (text.size() > kOutputBytesMax) text.resize(kOutputBytesMax);
  return text;
}

std::string bracket(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/// The client's errors name the URL themselves, without a default port.
std::string without_url(const std::string& why) {
  const auto end = why.starts_with("Get \"") ? why.find("\": ") : std::string::npos;
  return end == std::string::npos ? why : why.substr(end + 3);
}

}  // namespace

int32_t resolve_port(const codec::IntOrString& port, const Container& c) {
  if (!port.is_string) return port.number;
  for (const auto& p : c.ports) {
    if (p.name == port.text) return p.containerPort;
  }
  return parse_int<int32_t>(port.text).value_or(0);
}

HandlerDone HandlerRunner::within(HandlerDone done) {
  return [token = gate_.enter(), done = std::move(done)](HandlerResult result) {
    if (token) done(std::move(result));
  };
}

void HandlerRunner::probe(const HandlerTarget& target, const v1::ProbeHandler& action,
                          const HandlerCall& call, HandlerDone done) {
  done = within(std::move(done));
  if (action.exec) return exec(target, *action.exec, call, std::move(done));
  if (action.httpGet) return http_get(target, *action.httpGet, call, kProbeAgent, false, std::move(done));
  if (action.tcpSocket) return tcp(target, *action.tcpSocket, call, std::move(done));
  if (action.grpc) return grpc(target, *action.grpc, call, std::move(done));
  later(std::move(done), {Outcome::Unknown, fmt::format("missing probe handler for {}:{}",
                                                        pod_text(*target.pod), target.container)});
}

void HandlerRunner::hook(const HandlerTarget& target, const v1::LifecycleHandler& action,
                         const HandlerCall& call, HandlerDone done) {
  done = within(std::move(done));
  if (action.exec) return exec(target, *action.exec, call, std::move(done));
  if (action.httpGet) return http_get(target, *action.httpGet, call, kHookAgent, true, std::move(done));
  if (action.sleep) {
    const auto time = std::chrono::seconds(std::clamp<int64_t>(action.sleep->seconds, 0, kGraceMaxS));
    return pause(time, call, std::move(done));
  }
  // tcpSocket is accepted for old manifests and was never carried out.
  later(std::move(done),
        {Outcome::Failure, "Cannot run handler: invalid handler: it has neither exec, httpGet nor sleep"});
}

void HandlerRunner::later(HandlerDone done, HandlerResult result) {
  const auto tell = [done = std::move(done), result = std::move(result)] { done(result); };
  if (!deps_.executor.post(tell)) tell();
}

void HandlerRunner::exec(const HandlerTarget& target, const v1::ExecAction& action, const HandlerCall& call,
                         HandlerDone done) {
  cri::v1::ExecSyncRequest request;
  request.container_id = target.container_id;
  request.cmd = action.command;
  request.timeout = std::chrono::ceil<std::chrono::seconds>(call.timeout).count();
  const auto slack = std::chrono::seconds(5);  // the runtime's own deadline comes first
  const auto deadline = call.timeout == Duration::zero() ? Deadline::never()
                                                         : Deadline::after(call.timeout + slack, deps_.clock);
  deps_.runtime.exec_sync(
      request, {.deadline = deadline, .stop = call.stop},
      [command = action.command, timeout = request.timeout, done = std::move(done)](const auto& answer) {
        if (answer.ok()) {
          return done({answer->exit_code == 0 ? Outcome::Success : Outcome::Failure,
                       cut(answer->stdout + answer->stderr)});
        }
        if (answer.error().code() != Code::Timeout) return done({Outcome::Unknown, answer.error().message()});
        done({Outcome::Failure,
              fmt::format("command timed out: {} timed out after {}s", quote(join(command, " ")), timeout)});
      });
}

/// One GET on its way, from redirect to redirect.
struct HandlerRunner::Get {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  Deadline deadline = Deadline::never();
  StopToken stop;
  bool any_status = false;
  int hops = 0;
  HandlerDone done;
};

void HandlerRunner::http_get(const HandlerTarget& target, const v1::HTTPGetAction& action,
                             const HandlerCall& call, const std::string& agent, bool any_status,
                             HandlerDone done) {
  const auto* container = find_container(*target.pod, target.container);
  const int32_t port = container ? resolve_port(action.port, *container) : 0;
  if (port <= 0 || port > 65535)
    return later(std::move(done),
                 {Outcome::Unknown, fmt::format("invalid port number: {}", action.port.str())});
  const std::string scheme = action.scheme.empty() ? "http" : to_lower(action.scheme);
  const std::string host = action.host.empty() ? target.pod_ip : action.host;
  if (host.empty()) return later(std::move(done), {Outcome::Failure, "the pod has no address yet"});
  auto get = std::make_shared<Get>();
  bool has_agent = false, has_accept = false;
  for (const auto& h : action.httpHeaders) {
    has_agent = has_agent || iequals(h.name, "User-Agent");
    has_accept = has_accept || iequals(h.name, "Accept");
    if (!h.value.empty() || !(iequals(h.name, "User-Agent") || iequals(h.name, "Accept")))
      get->headers.emplace_back(h.name, h.value);
  }
  if (!has_agent) get->headers.emplace_back("User-Agent", agent);
  if (!has_accept) get->headers.emplace_back("Accept", "*/*");
  const std::string path = action.path.starts_with("/") ? action.path : "/" + action.path;
  get->url = fmt::format("{}://{}:{}{}", scheme, bracket(host), port, path);
  get->deadline = Deadline::after(call.timeout, deps_.clock);
  get->stop = call.stop;
  get->any_status = any_status;
  get->done = std::move(done);
  follow(get);
}

void HandlerRunner::follow(const std::shared_ptr<Get>& get) {
  deps_.http.get(get->url, get->headers, get->deadline, get->stop, [this, get](const auto& answer) {
    if (!answer.ok()) {
      const std::string why =
          answer.error().code() == Code::Timeout
              ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
              : answer.error().message();
      return get->done({Outcome::Failure, fmt::format("Get \"{}\": {}", get->url, without_url(why))});
    }
    if (get->any_status || (answer->status >= 200 && answer->status < 300))
      return get->done({Outcome::Success, cut(answer->body)});
    if (answer->status < 300 || answer->status >= 400 || answer->location.empty())
      return get->done(
          {Outcome::Failure, fmt::format("HTTP probe failed with statuscode: {}", answer->status)});
    const auto next = redirect_of(get->url, answer->location);
    if (!next.ok())
      return get->done({Outcome::Failure, fmt::format("Get \"{}\": failed to parse Location header: {}",
                                                      get->url, next.error().message())});
    if (!*next) {
      return get->done({Outcome::Warning,
                        fmt::format("Probe terminated redirects, Response body: {}", cut(answer->body))});
    }
    if (++get->hops >= kRedirectsMax)
      return get->done({Outcome::Failure, fmt::format("Get \"{}\": stopped after 10 redirects", get->url)});
    get->url = **next;
    follow(get);
  });
}

void HandlerRunner::tcp(const HandlerTarget& target, const v1::TCPSocketAction& action,
                        const HandlerCall& call, HandlerDone done) {
  const auto* container = find_container(*target.pod, target.container);
  const int32_t port = container ? resolve_port(action.port, *container) : 0;
  if (port <= 0 || port > 65535)
    return later(std::move(done),
                 {Outcome::Unknown, fmt::format("invalid port number: {}", action.port.str())});
  const std::string host = action.host.empty() ? target.pod_ip : action.host;
  deps_.http.connect(
      host, port, Deadline::after(call.timeout, deps_.clock), call.stop,
      [done = std::move(done)](const Result<void>& connected) {
        done(connected.ok() ? HandlerResult{} : HandlerResult{Outcome::Failure, connected.error().message()});
      });
}

void HandlerRunner::grpc(const HandlerTarget& target, const v1::GRPCAction& action, const HandlerCall& call,
                         HandlerDone done) {
  if (target.pod_ip.empty()) return later(std::move(done), {Outcome::Failure, "the pod has no address yet"});
  grpc_probe({.address = fmt::format("{}:{}", bracket(target.pod_ip), action.port),
              .service = action.service.value_or(""),
              .timeout = call.timeout,
              .stop = call.stop},
             deps_.clock, deps_.executor, std::move(done));
}

void HandlerRunner::pause(Duration time, const HandlerCall& call, HandlerDone done) {
  struct Sleep {
    Mutex m;
    HandlerDone done MZ_GUARDED_BY(m);
    std::shared_ptr<void> on_stop;
    void end() {
      HandlerDone told;
      {
        Lock lock(m);
        told = std::exchange(done, nullptr);
      }
      if (told) told({});
    }
  };
  auto sleep = std::make_shared<Sleep>();
  {
    Lock lock(sleep->m);
    sleep->done = std::move(done);
  }
  if (call.timeout > Duration::zero()) time = std::min(time, call.timeout);
  const auto alarm = deps_.alarms.after(time, [sleep] { sleep->end(); });
  // Told from another thread: whoever stops may hold what it needs to be told.
  sleep->on_stop = call.stop.on_stop([this, alarm, weak = std::weak_ptr<Sleep>(sleep)] {
    const auto ending = weak.lock();
    deps_.alarms.cancel(alarm);
    if (ending && !deps_.executor.post([ending] { ending->end(); })) ending->end();
  });
}

}  // namespace mizzen::kubelet
