#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/exchange/exchange.h"
#include "http/loop/loop.h"
#include "http/tls/tls.h"

namespace mizzen::http {

/// Called on a loop thread for each request once its header is in. Must not block: hand the exchange to a
/// worker.
using Handler = std::function<void(ExchangePtr)>;

/// Role: listens on one address and serves HTTP/1.1 and HTTP/2 (ALPN; prior knowledge without TLS).
/// Place: the API server and the kubelet's server own one each; loops are shared.
/// Lifecycle: start() binds and serves; stop() blocks. The handler may run until stop() has returned.
/// Threading: thread-safe.
/// Failure: malformed requests get a 4xx and a closed connection without reaching the handler.
/// Bounds: Options; a connection beyond connections_max is closed at once, a stream beyond its bound is
/// refused.
class Server {
 public:
  struct Options {
    std::string address = "127.0.0.1";  ///< an IP address; "" or "::" for all (both families)
    uint16_t port = 0;                  ///< 0 picks one: port() tells
    std::string unix_path;              ///< instead of address and port; an old socket there is removed
    std::optional<ServerTlsOptions> tls;

    /// What Upgrade may name (without case); a request for any other is 400 before the handler sees it.
    std::vector<std::string> upgrades = {"websocket", "SPDY/3.1"};
    size_t connections_max = 10'000;
    size_t header_bytes_max = 64 * 1024;
    size_t headers_max = 200;
    size_t body_bytes_max = 3 * 1024 * 1024;  ///< read_body(): beyond it RequestEntityTooLarge
    uint32_t streams_max = 250;               ///< concurrent per HTTP/2 connection
    size_t stream_buffer_bytes_max = 1024 * 1024;
    Duration handshake_timeout = std::chrono::seconds(10);
    Duration header_timeout =
        std::chrono::seconds(32);  ///< from the first byte of a request to its header's end
    Duration body_timeout = std::chrono::seconds(60);   ///< for read_body() as a whole
    Duration idle_timeout = std::chrono::seconds(120);  ///< keep-alive without a request
    Duration write_stall_timeout =
        std::chrono::seconds(60);  ///< output waits and the peer takes nothing at all
    /// Stream resets by the peer: burst, then this many a second; beyond: GOAWAY (rapid reset,
    /// CVE-2023-44487).
    uint32_t reset_burst = 500;
    uint32_t resets_per_second = 50;
  };

  /// Figures for metrics and tests.
  struct Stats {
    size_t connections = 0;
    uint64_t accepted = 0;
    uint64_t refused = 0;  ///< beyond connections_max
    uint64_t handshake_failures = 0;
    uint64_t bad_requests = 0;
    uint64_t requests = 0;
  };

  Server(Loops& loops, Options options, Handler handler);
  ~Server();  ///< stop() without grace

  /// "listen tcp 127.0.0.1:6443: bind: address already in use" and the like where it cannot.
  Result<void> start();
  /// The port that was bound.
  uint16_t port() const;
  /// Stops accepting, tells peers (GOAWAY, Connection: close), lets exchanges end until `deadline`, then
  /// cuts. Idempotent. Not from a loop thread.
  void stop(Deadline deadline);
  /// New connections use this key material from now on.
  Result<void> reload_tls(const ServerTlsOptions& tls);
  Stats stats() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace mizzen::http
