#include "http/server/server_conn.h"

#include "telemetry/log.h"

namespace mizzen::http {
namespace {
constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr Duration kLinger = std::chrono::seconds(2);
/// A body that is a little too long is still taken, so that its sender comes to read why it is refused.
constexpr uint32_t kLingerBytesMax = 4 * 1024 * 1024;
}  // namespace

void ServerShared::connection_gone() {
  Lock lock(m);
  connections.fetch_sub(1);
  changed.notify_all();
}

ServerConn::ServerConn(Loop& loop, std::shared_ptr<ServerShared> shared, std::shared_ptr<ServerLoop> home,
                       std::string remote)
    : Channel(loop, shared->options.write_stall_timeout),
      shared_(std::move(shared)),
      home_(std::move(home)),
      remote_(std::move(remote)) {}

void ServerConn::begin(Socket socket, const std::shared_ptr<const TlsContext>& tls) {
  open(std::move(socket));
  set_timer(options().handshake_timeout);
  if (tls) {
    tls_ = true;
    if (auto r = socket_.transport->accept_tls(tls); !r.ok()) {
      log::error("http", "cannot start TLS", {log::kv("err", r.error().message())});
      return close();
    }
  }
  handshake();
}

void ServerConn::on_handshaken() {
  if (tls_) {
    peer_ = socket_.transport->peer(peer_refused_);
    choose_protocol(socket_.transport->alpn() == "h2" ? kH2Preface : std::string_view("H"));
    if (closed_) return;
  } else {
    set_timer(options().header_timeout);
  }
  set_reading(true);
}

void ServerConn::choose_protocol(std::string_view first_bytes) {
  const bool h2 = first_bytes.starts_with(kH2Preface);
  protocol_ = h2 ? make_h2_server(*this) : make_h1_server(*this);
}

void ServerConn::on_input(std::string_view bytes) {
  if (closing_) {
    lingered_bytes_ += static_cast<uint32_t>(bytes.size());
    if (lingered_bytes_ > kLingerBytesMax) close();
    return;
  }
  if (protocol_) return protocol_->on_input(bytes);
  // Plain TCP: the first bytes tell HTTP/2 with prior knowledge from HTTP/1.
  first_bytes_.append(bytes);
  if (first_bytes_.size() < kH2Preface.size() && kH2Preface.starts_with(first_bytes_)) return;
  choose_protocol(first_bytes_);
  const std::string first = std::move(first_bytes_);
  first_bytes_ = std::string();
  protocol_->on_input(first);
}

void ServerConn::on_input_end() {
  if (closing_ || !protocol_) return close();
  protocol_->on_input_end();
}

void ServerConn::on_drained() {
  if (closing_) return set_timer(kLinger);
  if (protocol_) protocol_->on_drained();
}

void ServerConn::on_broken(const std::string& why) {
  if (!protocol_) {
    shared_->handshake_failures.fetch_add(1);
    if (!why.empty())
      log::verbose(2, "http", "TLS handshake error", {log::kv("remote", remote_), log::kv("err", why)});
  }
  close();
}

void ServerConn::drain() {
  if (closed_ || closing_) return;
  if (!protocol_) return close();
  protocol_->drain();
}

void ServerConn::set_timer(Duration delay) {
  clear_timer();
  timer_ = loop_.after(delay, [this] {
    timer_ = 0;
    close();
  });
}

void ServerConn::clear_timer() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
}

void ServerConn::close_gently() {
  if (closed_ || closing_) return;
  closing_ = true;
  clear_timer();
  shutdown_write();
  if (closed_) return;
  if (out_.empty()) set_timer(kLinger);  // else once it has been written, or the stall timer
  set_reading(true);
}

void ServerConn::close() {
  if (closed_) return;
  closed_ = true;
  clear_timer();
  close_socket();
  if (protocol_) protocol_->on_closed();
  retire();
  shared_->connection_gone();
}

void ServerConn::retire() {
  auto found = home_->connections.find(this);
  if (found == home_->connections.end()) return;
  loop_.post([self = std::move(found->second)] {});
  home_->connections.erase(found);
}

void ServerConn::dispatch(Request request, std::shared_ptr<WireLink> link) {
  shared_->requests.fetch_add(1, std::memory_order_relaxed);
  request.remote = remote_;
  request.tls = tls_;
  request.peer = peer_;
  request.peer_refused = peer_refused_;
  const Exchange::Limits limits{options().body_bytes_max, options().stream_buffer_bytes_max,
                                options().body_timeout};
  shared_->handler(std::make_shared<Exchange>(std::move(request), std::move(link), loop_, limits));
}

void ServerConn::upgrade(std::shared_ptr<DuplexImpl> duplex, std::string early_input) {
  closed_ = true;
  clear_timer();
  OutQueue out = std::move(out_);
  Socket socket = release();
  retire();
  home_->upgraded.emplace(duplex.get(), duplex);
  duplex->on_end([shared = shared_, home = home_, key = duplex.get()] {
    home->upgraded.erase(key);
    shared->connection_gone();
  });
  if (protocol_) protocol_->on_closed();
  duplex->attach(std::move(socket), std::move(out), std::move(early_input));
}

}  // namespace mizzen::http
