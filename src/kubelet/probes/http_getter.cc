#include "kubelet/probes/http_getter.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "http/message/url.h"
#include "linux/files/descriptor.h"

namespace mizzen::kubelet {
namespace {

/// Of an answer's body, as upstream: what comes beyond it is not read, and fails nothing.
constexpr size_t kBodyBytesMax = 10 * 1024;

http::Client::Options options() {
  http::Client::Options out;
  out.tls.insecure_skip_verify = true;
  out.tls.http2 = false;
  out.user_agent = "";
  out.idle_timeout = std::chrono::seconds(1);
  return out;
}

std::string bracket(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<void> connect_to(const std::string& host, int port, Deadline deadline) {
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
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left()).count();
  if (::poll(&p, 1, static_cast<int>(std::max<int64_t>(ms, 1))) <= 0)
    return Error(Code::Timeout, where + ": i/o timeout");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == ECONNREFUSED) return Error(Code::ServiceUnavailable, where + ": connect: connection refused");
  if (error != 0) return system_error(where + ": connect", error);
  return {};
}

/// Where there is no network: nobody answers.
class NoNetwork final : public HttpGetter {
 public:
  explicit NoNetwork(Executor& executor) : executor_(executor) {}
  void get(const std::string&, const std::vector<std::pair<std::string, std::string>>&, Deadline,
           const StopToken&, Done done) override {
    const auto tell = [done] { done(Error(Code::ServiceUnavailable, "this node has no network")); };
    if (!executor_.post(tell)) tell();
  }
  void connect(const std::string&, int, Deadline, const StopToken&,
               std::function<void(Result<void>)> done) override {
    const auto tell = [done] { done(Error(Code::ServiceUnavailable, "this node has no network")); };
    if (!executor_.post(tell)) tell();
  }

 private:
  Executor& executor_;
};

Error no_room() { return Error(Code::ServiceUnavailable, "the node has too many probes under way"); }

}  // namespace

std::unique_ptr<HttpGetter> make_getter(http::Loops* loops, Executor& executor) {
  if (!loops) return std::make_unique<NoNetwork>(executor);
  return std::make_unique<ClientHttpGetter>(*loops, executor);
}

ClientHttpGetter::ClientHttpGetter(http::Loops& loops, Executor& executor)
    : client_(loops, options()), executor_(executor) {}

void ClientHttpGetter::get(const std::string& url,
                           const std::vector<std::pair<std::string, std::string>>& headers, Deadline deadline,
                           const StopToken& stop, Done done) {
  const bool posted = executor_.post([this, url, headers, deadline, stop, done] {
    done(ask(url, headers, {.deadline = deadline, .stop = stop}));
  });
  if (!posted) done(no_room());
}

Result<HttpGetter::Answer> ClientHttpGetter::ask(
    const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
    const http::CallContext& context) {
  MZ_ASSIGN(const auto parsed, http::parse_url(url));
  http::ClientRequest request;
  request.target = parsed.target;
  request.path = parsed.path_and_query();
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  request.headers.add("Connection", "close");
  MZ_ASSIGN(const auto reader, client_.open(request, context));
  Answer out{reader->status(), "", std::string(reader->headers().get("Location"))};
  while (out.body.size() < kBodyBytesMax) {
    MZ_ASSIGN(const auto more, reader->read(context));
    if (more.empty()) break;
    out.body += more;
  }
  if (out.body.size() > kBodyBytesMax) out.body.resize(kBodyBytesMax);
  return out;
}

void ClientHttpGetter::connect(const std::string& host, int port, Deadline deadline, const StopToken&,
                               std::function<void(Result<void>)> done) {
  const bool posted =
      executor_.post([host, port, deadline, done] { done(connect_to(host, port, deadline)); });
  if (!posted) done(no_room());
}

}  // namespace mizzen::kubelet
