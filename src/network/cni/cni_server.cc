#include "network/cni/cni_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "base/file.h"
#include "linux/files/descriptor.h"
#include "network/protocol/cni_document.h"
#include "telemetry/log.h"

namespace mizzen::network {
namespace {

constexpr std::string_view kLog = "network";
constexpr int kBacklog = 256;
constexpr timeval kSendTimeout{5, 0};
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

bool is_root(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0;
}

/// Everything the plug-in sends until it shuts its side; nothing where it does not in time.
std::optional<std::string> read_call(int socket, Deadline deadline, const StopToken& stop) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const auto ready = linux::wait_readable(socket, deadline, stop);
    if (!ready.ok() || !*ready) return std::nullopt;
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > kCniCallBytesMax) return std::nullopt;
    out.append(buffer, static_cast<size_t>(n));
  }
}

/// The plug-in may have gone away: the runtime takes back what it did not hear of.
void send_answer(int socket, const CniAnswer& answer) {
  const std::string text = encode_answer(answer);
  std::string_view left = text;
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  while (!left.empty()) {
    const ssize_t n = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    left.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

struct CniServer::Impl {
  Impl(Runtime r, std::string p, Handler h) : runtime(r), path(std::move(p)), handle(std::move(h)) {}
  Result<void> listen();
  void accept_all();
  void take(linux::Fd socket);
  CniAnswer answer(int socket, Deadline deadline);
  void done();

  const Runtime runtime;
  const std::string path;
  const Handler handle;
  StopSource stopping;
  linux::Fd listening;
  Thread thread;
  Mutex m;
  CondVar ended;
  size_t open MZ_GUARDED_BY(m) = 0;
};

CniServer::CniServer(Runtime runtime, std::string path, Handler handle)
    : impl_(std::make_unique<Impl>(runtime, std::move(path), std::move(handle))) {}
CniServer::~CniServer() { stop(); }

Result<void> CniServer::Impl::listen() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::BadRequest, fmt::format("the data folder's path is too long for a socket: {}", path));
  path.copy(address.sun_path, path.size());
  listening.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listening.valid()) return system_error("socket", errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  // The mode of a socket is that of its descriptor when it is bound: nobody else may connect even for a
  // moment.
  if (::fchmod(listening.get(), 0600) != 0) return system_error("mode of " + path, errno);
  if (::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return system_error("bind " + path, errno);
  if (::listen(listening.get(), kBacklog) != 0) return system_error("listen on " + path, errno);
  return {};
}

void CniServer::Impl::accept_all() {
  const StopToken stop = stopping.token();
  while (!stop.stopped()) {
    const auto ready = linux::wait_readable(listening.get(), Deadline::never(), stop);
    if (!ready.ok()) return;
    linux::Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.valid()) {
      take(std::move(socket));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      log::warn(kLog, "Cannot accept a call", {log::kv("error", system_error("accept", errno).message())});
      stop.wait_until(Deadline::after(kAcceptPause, runtime.clock));  // out of descriptors, most likely
    }
  }
}

void CniServer::Impl::take(linux::Fd socket) {
  {
    Lock lock(m);
    ++open;
    if (open > kConnectionsMax) {
      --open;
      return send_answer(socket.get(), cni_failure("", kCniTryAgain, "the network of this node is busy"));
    }
  }
  const Deadline deadline = Deadline::after(kCallTimeout, runtime.clock);
  const auto shared = std::make_shared<linux::Fd>(std::move(socket));  // a std::function is copied
  const auto work = [this, shared, deadline] {
    send_answer(shared->get(), answer(shared->get(), deadline));
    shared->reset();
    done();
  };
  if (runtime.executor.post(work)) return;
  send_answer(shared->get(), cni_failure("", kCniTryAgain, "the network of this node is busy"));
  done();
}

CniAnswer CniServer::Impl::answer(int socket, Deadline deadline) {
  if (!is_root(socket)) return cni_failure("", kCniFailed, "only root may call the network of this node");
  const auto text = read_call(socket, deadline, stopping.token());
  if (!text) return cni_failure("", kCniTryAgain, "the call did not come in whole");
  const auto call = decode_call(*text);
  if (!call)
    return cni_failure("", kCniFailed, "the call is of another version of this plug-in, or cut short");
  return handle(*call, deadline);
}

void CniServer::Impl::done() {
  Lock lock(m);
  --open;
  ended.notify_all();
}

Result<void> CniServer::start() {
  MZ_TRY(impl_->listen());
  impl_->thread = Thread("cni", [impl = impl_.get()] { impl->accept_all(); });
  return {};
}

void CniServer::stop() {
  Impl& s = *impl_;
  s.stopping.stop();
  s.thread.join();
  if (s.listening.valid()) {
    ::unlink(s.path.c_str());
    s.listening.reset();
  }
  Lock lock(s.m);
  while (s.open > 0) s.ended.wait(s.m);
}

}  // namespace mizzen::network
