#include "kubelet/probes/handler_run.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/strings.h"
#include "cri/blocking.h"
#include "kubelet/probes/grpc_probe.h"
#include "linux/files/descriptor.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using Outcome = HandlerResult::Outcome;

constexpr size_t kOutputBytesMax = 10 * 1024;
constexpr int kRedirectsMax = 10;

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

/// scheme://host of a URL.
std::string_view origin_of(std::string_view url) {
  const auto begin = url.find("://");
  return begin == std::string_view::npos ? std::string_view() : url.substr(0, url.find('/', begin + 3));
}

Result<void> connect_to(const std::string& host, int port, Duration timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), fmt::format("{}", port).c_str(), &hints, &found) != 0 || !found) {
    return Error(Code::NotFound, fmt::format("dial tcp: lookup {}: no such host", host));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  linux::Fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return system_error("socket", errno);
  const std::string where = fmt::format("dial tcp {}:{}", bracket(host), port);
  if (::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS)
    return system_error(where + ": connect", errno);
  pollfd p{fd.get(), POLLOUT, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  if (::poll(&p, 1, static_cast<int>(std::max<int64_t>(ms, 1))) <= 0)
    return Error(Code::Timeout, where + ": i/o timeout");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == ECONNREFUSED) return Error(Code::ServiceUnavailable, where + ": connect: connection refused");
  if (error != 0) return system_error(where + ": connect", error);
  return {};
}

}  // namespace

int32_t resolve_port(const codec::IntOrString& port, const Container& c) {
  if (!port.is_string) return port.number;
  for (const auto& p : c.ports) {
    if (p.name == port.text) return p.containerPort;
  }
  return parse_int<int32_t>(port.text).value_or(0);
}

HandlerResult HandlerRunner::exec(const HandlerTarget& target, const v1::ExecAction& action,
                                  Duration timeout) {
  cri::v1::ExecSyncRequest request;
  request.container_id = target.container_id;
  request.cmd = action.command;
  request.timeout = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  const auto slack = std::chrono::seconds(5);  // the runtime's own deadline comes first
  auto answer = cri::wait<&cri::Runtime::exec_sync>(
      runtime_, request,
      timeout == Duration::zero() ? Deadline::never() : Deadline::after(timeout + slack, clock_));
  if (!answer.ok()) {
    if (answer.error().code() == Code::Timeout) {
      return {Outcome::Failure, fmt::format("command timed out: {} timed out after {}s",
                                            quote(join(action.command, " ")), request.timeout)};
    }
    return {Outcome::Unknown, answer.error().message()};
  }
  std::string output = cut(answer->stdout + answer->stderr);
  return {answer->exit_code == 0 ? Outcome::Success : Outcome::Failure, std::move(output)};
}

HandlerResult HandlerRunner::http_get(const HandlerTarget& target, const v1::HTTPGetAction& action,
                                      Duration timeout, const std::string& agent, bool any_status) {
  const int32_t port = resolve_port(action.port, target.container);
  if (port <= 0 || port > 65535)
    return {Outcome::Unknown, fmt::format("invalid port number: {}", action.port.str())};
  const std::string scheme = action.scheme.empty() ? "http" : to_lower(action.scheme);
  const std::string host = action.host.empty() ? target.pod_ip : action.host;
  if (host.empty()) return {Outcome::Failure, "the pod has no address yet"};
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_agent = false, has_accept = false;
  for (const auto& h : action.httpHeaders) {
    has_agent = has_agent || iequals(h.name, "User-Agent");
    has_accept = has_accept || iequals(h.name, "Accept");
    if (!h.value.empty() || !(iequals(h.name, "User-Agent") || iequals(h.name, "Accept")))
      headers.emplace_back(h.name, h.value);
  }
  if (!has_agent) headers.emplace_back("User-Agent", agent);
  if (!has_accept) headers.emplace_back("Accept", "*/*");
  const std::string path = action.path.starts_with("/") ? action.path : "/" + action.path;
  std::string url = fmt::format("{}://{}:{}{}", scheme, bracket(host), port, path);
  const auto deadline = Deadline::after(timeout, clock_);
  for (int hop = 0; hop <= kRedirectsMax; ++hop) {
    auto answer = http_.get(url, headers, deadline);
    if (!answer.ok()) {
      const std::string why =
          answer.error().code() == Code::Timeout
              ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
              : answer.error().message();
      return {Outcome::Failure, fmt::format("Get \"{}\": {}", url, without_url(why))};
    }
    if (any_status || (answer->status >= 200 && answer->status < 300))
      return {Outcome::Success, cut(answer->body)};
    if (answer->status >= 300 && answer->status < 400 && !answer->location.empty()) {
      const std::string next = answer->location.starts_with("/")
                                   ? std::string(origin_of(url)) + answer->location
                                   : answer->location;
      if (origin_of(next) != origin_of(url)) {
        return {Outcome::Warning,
                fmt::format("Probe terminated redirects, Response body: {}", cut(answer->body))};
      }
      url = next;
      continue;
    }
    return {Outcome::Failure, fmt::format("HTTP probe failed with statuscode: {}", answer->status)};
  }
  return {Outcome::Failure, fmt::format("Get \"{}\": stopped after 10 redirects", url)};
}

HandlerResult HandlerRunner::tcp(const HandlerTarget& target, const v1::TCPSocketAction& action,
                                 Duration timeout) {
  const int32_t port = resolve_port(action.port, target.container);
  if (port <= 0 || port > 65535)
    return {Outcome::Unknown, fmt::format("invalid port number: {}", action.port.str())};
  const std::string host = action.host.empty() ? target.pod_ip : action.host;
  const auto connected = connect_to(host, port, timeout);
  return connected.ok() ? HandlerResult{} : HandlerResult{Outcome::Failure, connected.error().message()};
}

HandlerResult HandlerRunner::grpc(const HandlerTarget& target, const v1::GRPCAction& action,
                                  Duration timeout) {
  if (target.pod_ip.empty()) return {Outcome::Failure, "the pod has no address yet"};
  return grpc_probe(fmt::format("{}:{}", bracket(target.pod_ip), action.port), action.service.value_or(""),
                    timeout, clock_);
}

}  // namespace mizzen::kubelet
