#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/exchange/duplex_impl.h"
#include "http/exchange/wire.h"
#include "http/server/server.h"
#include "http/transport/channel.h"

namespace mizzen::http {

class ServerConn;

/// What all connections of one server share. Counters are atomics; per-loop sets belong to their loop.
struct ServerShared {
  ServerShared(Server::Options o, Handler h) : options(std::move(o)), handler(std::move(h)) {}
  const Server::Options options;
  const Handler handler;
  std::atomic<size_t> connections = 0;  ///< with upgraded ones
  std::atomic<uint64_t> accepted = 0;
  std::atomic<uint64_t> refused = 0;
  std::atomic<uint64_t> handshake_failures = 0;
  std::atomic<uint64_t> bad_requests = 0;
  std::atomic<uint64_t> requests = 0;
  std::atomic<bool> draining = false;
  Mutex m;
  CondVar changed;
  std::shared_ptr<const TlsContext> tls MZ_GUARDED_BY(m);

  void connection_gone();
};

/// The connections of one server that live on one loop; touched only there.
struct ServerLoop {
  std::unordered_map<ServerConn*, std::shared_ptr<ServerConn>> connections;
  std::unordered_map<DuplexImpl*, std::weak_ptr<DuplexImpl>> upgraded;
};

/// Role: HTTP/1.1 or HTTP/2 spoken on one server connection. Confined to the loop; owned by its ServerConn.
class ServerProtocol {
 public:
  virtual ~ServerProtocol() = default;
  virtual void on_input(std::string_view bytes) = 0;
  virtual void on_input_end() = 0;
  virtual void on_drained() = 0;
  /// The server stops: no new requests; close when idle.
  virtual void drain() = 0;
  /// The connection is gone: end every exchange.
  virtual void on_closed() = 0;
};
std::unique_ptr<ServerProtocol> make_h1_server(ServerConn& connection);
std::unique_ptr<ServerProtocol> make_h2_server(ServerConn& connection);

/// Role: one accepted connection: handshake, choice of protocol, timers, closing.
/// Threading: confined to its loop. Kept by ServerLoop until close().
class ServerConn final : public Channel, public std::enable_shared_from_this<ServerConn> {
 public:
  ServerConn(Loop& loop, std::shared_ptr<ServerShared> shared, std::shared_ptr<ServerLoop> home,
             std::string remote);

  void begin(Socket socket, const std::shared_ptr<const TlsContext>& tls);
  void drain();
  /// Closes now. Safe inside any event: the object dies later from the loop's queue.
  void close();
  /// Closes once `out_` is written and the peer has had its chance to read it.
  void close_gently();

  // For the protocols.
  Loop& loop() { return loop_; }
  OutQueue& out() { return out_; }
  void flush_out() { flush(); }
  void read_more(bool on) {
    if (!closing_) set_reading(on);
  }
  const Server::Options& options() const { return shared_->options; }
  ServerShared& shared() { return *shared_; }
  bool closed() const { return closed_; }
  bool draining() const { return shared_->draining.load(); }
  /// Fills in what the connection knows and calls the handler.
  void dispatch(Request request, std::shared_ptr<WireLink> link);
  /// One timer; setting it again replaces it. Its end closes the connection.
  void set_timer(Duration delay);
  void clear_timer();
  /// Hands the socket to `duplex` and ends this connection.
  void upgrade(std::shared_ptr<DuplexImpl> duplex, std::string early_input);

 private:
  void on_handshaken() override;
  void on_input(std::string_view bytes) override;
  void on_input_end() override;
  void on_drained() override;
  void on_broken(const std::string& why) override;
  void choose_protocol(std::string_view first_bytes);
  void retire();

  const std::shared_ptr<ServerShared> shared_;
  const std::shared_ptr<ServerLoop> home_;
  const std::string remote_;
  std::shared_ptr<const PeerCertificate> peer_;
  std::string peer_refused_;
  std::unique_ptr<ServerProtocol> protocol_;
  std::string first_bytes_;  ///< until the protocol is known, without TLS
  Loop::TimerId timer_ = 0;
  uint32_t lingered_bytes_ = 0;
  bool tls_ = false;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace mizzen::http
