#include "http/client/dial.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace mizzen::http {

void Dial::begin(Loop& loop, DialOrder order, Done done) {
  const std::shared_ptr<Dial> dial(new Dial(loop, std::move(order), std::move(done)));
  loop.post([dial] { dial->start(); });
}

void Dial::start() {
  self_ = shared_from_this();
  const std::weak_ptr<Dial> weak = self_;
  const auto on_loop = [weak, &loop = loop_](Code code, const char* why) {
    auto self = weak.lock();
    if (self) loop.post([self = std::move(self), code, why] { self->give_up(code, why); });
  };
  on_stop_ = order_.context.stop.on_stop([on_loop] { on_loop(Code::Cancelled, "context canceled"); });
  on_cut_ = order_.cut.on_stop([on_loop] { on_loop(Code::Cancelled, "the client has been stopped"); });
  if (!order_.context.deadline.is_never()) {
    timer_ = loop_.after(std::max(order_.context.deadline.left(), Duration::zero()), [this] {
      timer_ = 0;
      give_up(Code::Timeout, "i/o timeout");
    });
  }
  doing_ = "dial " + order_.target.str();
  if (!needs_look_up(order_.target)) return resolved(resolve(order_.target));
  doing_ = "dial tcp: lookup " + host_of(order_.target);
  const auto found = [self = self_](const Addresses& addresses) {
    self->loop_.post([self, addresses] { self->resolved(addresses); });
  };
  const LookUps& look_ups = order_.look_ups;
  const bool posted =
      look_ups.together
          ? look_ups.together->ask(order_.target, look_ups.post, found)
          : look_ups.post && look_ups.post([found, target = order_.target] { found(resolve(target)); });
  if (!posted) end(Error(Code::ServiceUnavailable, doing_ + ": nobody here looks up names now"));
}

void Dial::resolved(Addresses addresses) {
  if (!done_) return;
  if (!addresses.ok()) return end(addresses.error());
  addresses_ = std::move(*addresses);
  if (addresses_.empty())
    return end(Error(Code::ServiceUnavailable, "dial " + order_.target.str() + ": no address"));
  connect_next();
}

void Dial::connect_next() {
  const Address& address = addresses_[next_++];
  doing_ = "dial " + address.text;
  socket_ = Socket();
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return end(Error(Code::ServiceUnavailable, doing_ + ": socket: " + errno_text(errno)));
  socket_.watch = loop_.watch(fd, *this);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0)
    return secure();
  if (errno == EINPROGRESS || errno == EINTR) return socket_.watch->want_write();
  const Error why(Code::ServiceUnavailable, doing_ + ": connect: " + errno_text(errno));
  if (next_ >= addresses_.size()) return end(why);
  connect_next();
}

void Dial::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.watch->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return secure();
  if (next_ < addresses_.size()) return connect_next();
  end(Error(Code::ServiceUnavailable, doing_ + ": connect: " + errno_text(error)));
}

void Dial::secure() {
  const int fd = socket_.watch->fd();
  if (order_.target.unix_path.empty()) tune_tcp(fd);
  socket_.transport = std::make_unique<Transport>(fd);
  if (!order_.target.tls) return end(std::move(socket_));
  doing_ = "TLS handshake with " + order_.target.str();
  const std::string& name =
      order_.tls->server_name().empty() ? order_.target.host : order_.tls->server_name();
  const Result<void> begun = socket_.transport->connect_tls(order_.tls, name, order_.offer_http2);
  if (!begun.ok()) return end(begun.error());
  shake_hands();
}

void Dial::shake_hands() {
  switch (socket_.transport->handshake()) {
    case Transport::Io::Done:
      return end(std::move(socket_));
    case Transport::Io::WantRead:
      return socket_.watch->want_read();
    case Transport::Io::WantWrite:
      return socket_.watch->want_write();
    default:
      end(Error(Code::ServiceUnavailable, order_.target.str() + ": " + socket_.transport->error()));
  }
}

void Dial::on_readable() { shake_hands(); }

void Dial::on_writable() {
  if (socket_.transport) return shake_hands();
  connected();
}

void Dial::give_up(Code code, const char* why) { end(Error(code, doing_ + ": " + why)); }

void Dial::end(Result<Socket> result) {
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  on_stop_.reset();
  on_cut_.reset();
  socket_.transport.reset();
  socket_.watch.reset();
  // Not inside an event of our own: whoever is told may take the connection apart.
  loop_.post([self = std::move(self_), done, result = std::make_shared<Result<Socket>>(std::move(result))] {
    done(std::move(*result));
  });
}

}  // namespace mizzen::http
