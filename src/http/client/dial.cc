#include "http/client/dial.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace mizzen::http {

namespace {

constexpr size_t kAddressesMax = 16;

const std::string& host_of(const Target& target) {
  return target.pinned_address.empty() ? target.host : target.pinned_address;
}

bool needs_look_up(const Target& target) {
  in6_addr any;
  const std::string& host = host_of(target);
  return target.unix_path.empty() && inet_pton(AF_INET, host.c_str(), &any) != 1 &&
         inet_pton(AF_INET6, host.c_str(), &any) != 1;
}

Result<std::vector<Dial::Address>> resolve(const Target& target) {
  std::vector<Dial::Address> out;
  if (!target.unix_path.empty()) {
    Dial::Address a;
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
  const std::string& host = host_of(target);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = needs_look_up(target) ? AI_ADDRCONFIG : AI_NUMERICHOST;
  addrinfo* list = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(target.port).c_str(), &hints, &list);
  if (rc != 0)
    return Error(Code::ServiceUnavailable,
                 "dial tcp: lookup " + host + ": " + (rc == EAI_NONAME ? "no such host" : gai_strerror(rc)));
  for (const addrinfo* i = list; i != nullptr && out.size() < kAddressesMax; i = i->ai_next) {
    Dial::Address a;
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
  const bool posted = order_.look_ups && order_.look_ups([self = self_, target = order_.target] {
    Result<std::vector<Address>> found = resolve(target);
    self->loop_.post([self, found = std::move(found)]() mutable { self->resolved(std::move(found)); });
  });
  if (!posted) end(Error(Code::ServiceUnavailable, doing_ + ": nobody here looks up names now"));
}

void Dial::resolved(Result<std::vector<Address>> addresses) {
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
