#include "http/server/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "http/message/url.h"
#include "http/server/server_conn.h"
#include "http/transport/transport.h"
#include "telemetry/log.h"

namespace mizzen::http {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerEvent = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);  // when descriptors ran out
constexpr Duration kCutWait = std::chrono::seconds(5);

std::string describe(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return join_host_port(text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    return join_host_port(text, ntohs(v6.sin6_port));
  }
  return "@";
}

}  // namespace

/// The listener and all that belongs to one Server.
struct Server::Impl final : FdEvents, std::enable_shared_from_this<Server::Impl> {
  Impl(Loops& l, Options o, Handler h)
      : loops(l), shared(std::make_shared<ServerShared>(std::move(o), std::move(h))) {
    for (size_t i = 0; i < loops.size(); ++i) homes.push_back(std::make_shared<ServerLoop>());
  }

  Result<int> bind_tcp();
  Result<int> bind_unix();
  void on_readable() override;
  void on_writable() override {}
  void adopt(size_t index, int fd, std::string remote);
  void on_each_loop(const std::function<void(ServerLoop&)>& f);
  bool wait_empty(Deadline deadline);

  Loops& loops;
  const std::shared_ptr<ServerShared> shared;
  std::vector<std::shared_ptr<ServerLoop>> homes;
  std::unique_ptr<Watch> listener;  // on loops.at(0)
  size_t next_loop = 0;
  uint16_t port = 0;
  std::atomic<bool> started = false;
};

Result<int> Server::Impl::bind_tcp() {
  const Options& o = shared->options;
  const std::string where = join_host_port(o.address, o.port);
  sockaddr_storage address{};
  socklen_t length = 0;
  bool both = false;
  if (o.address.empty() || o.address == "::") {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(o.port);
    length = sizeof v6;
    both = true;
  } else if (auto& v4 = reinterpret_cast<sockaddr_in&>(address);
             inet_pton(AF_INET, o.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(o.port);
    length = sizeof v4;
  } else if (auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
             inet_pton(AF_INET6, o.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(o.port);
    length = sizeof v6;
  } else {
    return Error(Code::BadRequest, "listen tcp " + where + ": not an IP address");
  }
  const auto failed = [&](const char* what, int fd) {
    const Error error(Code::InternalError, "listen tcp " + where + ": " + what + ": " + errno_text(errno));
    if (fd >= 0) ::close(fd);
    return error;
  };
  int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && both) {  // a kernel without IPv6
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    address = {};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(o.port);
    length = sizeof v4;
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (fd < 0) return failed("socket", fd);
  const int on = 1;
  const int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) return failed("bind", fd);
  if (::listen(fd, kBacklog) != 0) return failed("listen", fd);
  length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  port = ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
  return fd;
}

Result<int> Server::Impl::bind_unix() {
  const std::string& path = shared->options.unix_path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::BadRequest, "listen unix " + path + ": path too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return Error(Code::InternalError, "listen unix " + path + ": exists and is no socket");
    ::unlink(path.c_str());
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, kBacklog) != 0) {
    const Error error(Code::InternalError, "listen unix " + path + ": bind: " + errno_text(errno));
    if (fd >= 0) ::close(fd);
    return error;
  }
  return fd;
}

void Server::Impl::on_readable() {
  for (int i = 0; i < kAcceptsPerEvent && listener; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int fd = ::accept4(listener->fd(), reinterpret_cast<sockaddr*>(&address), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      log::warn("http", "cannot accept", {log::kv("err", errno_text(errno))});
      loops.at(0).after(kAcceptPause, [self = shared_from_this()] {
        if (self->listener) self->listener->want_read();
      });
      return;
    }
    if (shared->connections.load() >= shared->options.connections_max) {
      shared->refused.fetch_add(1);
      ::close(fd);
      continue;
    }
    shared->connections.fetch_add(1);
    shared->accepted.fetch_add(1);
    tune_tcp(fd);
    const size_t index = next_loop++ % loops.size();
    std::string remote = describe(address);
    if (index == 0) {
      adopt(0, fd, std::move(remote));
    } else {
      loops.at(index).post([self = shared_from_this(), index, fd, remote = std::move(remote)]() mutable {
        self->adopt(index, fd, std::move(remote));
      });
    }
  }
  if (listener) listener->want_read();
}

void Server::Impl::adopt(size_t index, int fd, std::string remote) {
  Loop& loop = loops.at(index);
  if (shared->draining.load()) {
    ::close(fd);
    shared->connection_gone();
    return;
  }
  std::shared_ptr<const TlsContext> tls;
  {
    Lock lock(shared->m);
    tls = shared->tls;
  }
  auto connection = std::make_shared<ServerConn>(loop, shared, homes[index], std::move(remote));
  homes[index]->connections.emplace(connection.get(), connection);
  Socket socket;
  socket.watch = loop.watch(fd, *connection);
  socket.transport = std::make_unique<Transport>(fd);
  connection->begin(std::move(socket), tls);
}

void Server::Impl::on_each_loop(const std::function<void(ServerLoop&)>& f) {
  for (size_t i = 0; i < loops.size(); ++i) loops.at(i).post([home = homes[i], f] { f(*home); });
}

bool Server::Impl::wait_empty(Deadline deadline) {
  Lock lock(shared->m);
  while (shared->connections.load() > 0)
    if (!shared->changed.wait_until(shared->m, deadline)) return shared->connections.load() == 0;
  return true;
}

Server::Server(Loops& loops, Options options, Handler handler)
    : impl_(std::make_shared<Impl>(loops, std::move(options), std::move(handler))) {}

Server::~Server() { stop(Deadline::after(Duration::zero(), impl_->loops.clock())); }

Result<void> Server::start() {
  if (impl_->shared->options.tls) MZ_TRY(reload_tls(*impl_->shared->options.tls));
  MZ_ASSIGN(const int fd, impl_->shared->options.unix_path.empty() ? impl_->bind_tcp() : impl_->bind_unix());
  impl_->started = true;
  impl_->loops.at(0).post([impl = impl_, fd] {
    impl->listener = impl->loops.at(0).watch(fd, *impl);
    impl->listener->want_read();
  });
  return {};
}

uint16_t Server::port() const { return impl_->port; }

Result<void> Server::reload_tls(const ServerTlsOptions& tls) {
  MZ_ASSIGN(std::shared_ptr<const TlsContext> context, TlsContext::server(tls));
  Lock lock(impl_->shared->m);
  impl_->shared->tls = std::move(context);
  return {};
}

void Server::stop(Deadline deadline) {
  if (!impl_->started.exchange(false)) return;
  impl_->shared->draining = true;
  impl_->loops.at(0).post([impl = impl_] { impl->listener.reset(); });
  impl_->on_each_loop([](ServerLoop& home) {
    std::vector<std::shared_ptr<ServerConn>> all;
    for (auto& [key, connection] : home.connections) all.push_back(connection);
    for (auto& connection : all) connection->drain();
  });
  const auto remove_socket = [this] {
    const std::string& path = impl_->shared->options.unix_path;
    if (!path.empty()) ::unlink(path.c_str());
  };
  const bool can_wait = Loop::current() == nullptr;
  if (can_wait && impl_->wait_empty(deadline)) return remove_socket();
  impl_->on_each_loop([](ServerLoop& home) {
    std::vector<std::shared_ptr<ServerConn>> all;
    for (auto& [key, connection] : home.connections) all.push_back(connection);
    for (auto& connection : all) connection->close();
    std::vector<std::shared_ptr<DuplexImpl>> duplexes;
    for (auto& [key, duplex] : home.upgraded)
      if (auto strong = duplex.lock()) duplexes.push_back(std::move(strong));
    for (auto& duplex : duplexes) duplex->request_cut();
  });
  if (can_wait) impl_->wait_empty(Deadline::after(kCutWait, impl_->loops.clock()));
  remove_socket();
}

Server::Stats Server::stats() const {
  const ServerShared& s = *impl_->shared;
  return {s.connections.load(),        s.accepted.load(),     s.refused.load(),
          s.handshake_failures.load(), s.bad_requests.load(), s.requests.load()};
}

}  // namespace mizzen::http
