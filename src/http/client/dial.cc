#include "http/client/dial.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace mizzen::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::string text;  ///< for errors
};

Result<std::vector<Address>> resolve(const Target& target) {
  std::vector<Address> out;
  if (!target.unix_path.empty()) {
    Address a;
    auto& un = reinterpret_cast<sockaddr_un&>(a.storage);
    un.sun_family = AF_UNIX;
    if (target.unix_path.size() >= sizeof un.sun_path)
      return Error(Code::BadRequest, "dial unix " + target.unix_path + ": path too long");
    std::memcpy(un.sun_path, target.unix_path.c_str(), target.unix_path.size() + 1);
    a.length = sizeof un;
    a.text = "unix " + target.unix_path;
    out.push_back(a);
    return out;
  }
  const std::string& host = target.pinned_address.empty() ? target.host : target.pinned_address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  in6_addr any;
  if (inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1)
    hints.ai_flags = AI_NUMERICHOST;
  addrinfo* list = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(target.port).c_str(), &hints, &list);
  if (rc != 0)
    return Error(Code::ServiceUnavailable,
                 "dial tcp: lookup " + host + ": " + (rc == EAI_NONAME ? "no such host" : gai_strerror(rc)));
  for (const addrinfo* i = list; i != nullptr && out.size() < 16; i = i->ai_next) {
    Address a;
    std::memcpy(&a.storage, i->ai_addr, i->ai_addrlen);
    a.length = i->ai_addrlen;
    char text[INET6_ADDRSTRLEN] = "";
    getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    a.text = "tcp " + join_host_port(text, target.port);
    out.push_back(a);
  }
  freeaddrinfo(list);
  return out;
}

}  // namespace

SigpipeGuard::SigpipeGuard() {
  sigset_t pending;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  sigset_t pipe;
  sigset_t old;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &old);
  was_blocked_ = sigismember(&old, SIGPIPE) == 1;
}

SigpipeGuard::~SigpipeGuard() {
  if (was_blocked_) return;
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  if (!was_pending_) {
    const timespec now{};
    while (sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

BlockingSocket::~BlockingSocket() {
  on_stop_.reset();
  transport_.reset();
  if (fd_ >= 0) ::close(fd_);
  if (stop_fd_ >= 0) ::close(stop_fd_);
}

Result<void> BlockingSocket::wait(bool for_read) {
  for (;;) {
    if (context_.stop.stopped()) return Error(Code::Cancelled, "context canceled");
    const Duration left = context_.deadline.left();
    if (left <= Duration::zero()) return Error(Code::Timeout, "i/o timeout");
    std::array<pollfd, 2> fds{
        {{fd_, static_cast<short>(for_read ? POLLIN : POLLOUT), 0}, {stop_fd_, POLLIN, 0}}};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
    const int rc = ::poll(fds.data(), fds.size(), static_cast<int>(std::min<int64_t>(ms, 60'000)));
    if (rc > 0 && fds[0].revents != 0) return {};
  }
}

Result<void> BlockingSocket::connect(const void* address, size_t length) {
  if (::connect(fd_, static_cast<const sockaddr*>(address), static_cast<socklen_t>(length)) == 0) return {};
  if (errno != EINPROGRESS && errno != EINTR)
    return Error(Code::ServiceUnavailable, "connect: " + errno_text(errno));
  MZ_TRY(wait(false));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Error(Code::ServiceUnavailable, "connect: " + errno_text(error));
  return {};
}

Result<std::unique_ptr<BlockingSocket>> BlockingSocket::dial(const Target& target,
                                                             std::shared_ptr<const TlsContext> tls,
                                                             bool offer_http2, const CallContext& context) {
  MZ_ASSIGN(const std::vector<Address> addresses, resolve(target));
  Error last(Code::ServiceUnavailable, "dial " + target.str() + ": no address");
  for (const Address& address : addresses) {
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
      return Error(Code::ServiceUnavailable, "dial " + address.text + ": socket: " + errno_text(errno));
    std::unique_ptr<BlockingSocket> out(new BlockingSocket(fd, context));
    out->stop_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    out->on_stop_ = context.stop.on_stop([stop_fd = out->stop_fd_] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(stop_fd, &one, sizeof one);
    });
    const Result<void> connected = out->connect(&address.storage, address.length);
    if (!connected.ok()) {
      last = connected.error().with_context("dial " + address.text);
      if (connected.error().code() != Code::ServiceUnavailable) return last;
      continue;
    }
    if (target.unix_path.empty()) tune_tcp(fd);
    out->transport_ = std::make_unique<Transport>(fd);
    if (!target.tls) return out;
    const SigpipeGuard guard;
    const std::string name = tls->server_name().empty() ? target.host : tls->server_name();
    MZ_TRY(out->transport_->connect_tls(tls, name, offer_http2));
    for (;;) {
      const auto io = out->transport_->handshake();
      if (io == Transport::Io::Done) return out;
      if (io == Transport::Io::WantRead || io == Transport::Io::WantWrite) {
        const Result<void> ready = out->wait(io == Transport::Io::WantRead);
        if (!ready.ok()) return ready.error().with_context("TLS handshake with " + target.str());
        continue;
      }
      return Error(Code::ServiceUnavailable, target.str() + ": " + out->transport_->error());
    }
  }
  return last;
}

Result<void> BlockingSocket::write(OutQueue& out) {
  const SigpipeGuard guard;
  while (!out.empty()) {
    const auto io = transport_->write(out);
    if (io == Transport::Io::Broken) return Error(Code::ServiceUnavailable, transport_->error());
    if (io != Transport::Io::Done) MZ_TRY(wait(io == Transport::Io::WantRead));
  }
  return {};
}

Result<bool> BlockingSocket::read(std::string& into) {
  const SigpipeGuard guard;
  std::array<char, 16 * 1024 + 512> buffer;
  for (;;) {
    size_t n = 0;
    switch (const auto io = transport_->read(buffer, n); io) {
      case Transport::Io::Done:
        into.append(buffer.data(), n);
        return true;
      case Transport::Io::Eof:
        return false;
      case Transport::Io::Broken:
        return Error(Code::ServiceUnavailable, transport_->error());
      default:
        MZ_TRY(wait(io == Transport::Io::WantRead));
    }
  }
}

std::pair<int, std::unique_ptr<Transport>> BlockingSocket::release() {
  on_stop_.reset();
  return {std::exchange(fd_, -1), std::move(transport_)};
}

}  // namespace mizzen::http
