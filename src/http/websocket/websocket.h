#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/exchange/duplex.h"
#include "http/exchange/exchange.h"

namespace mizzen::http {

/// Role: one WebSocket connection (RFC 6455) after its handshake, either side: messages in, messages out.
/// Place: accept() on the server for exec, attach, port-forward and watches; over() on any upgraded Duplex.
/// Threading: thread-safe; callbacks run on the loop thread and must not block.
/// Invariants: I1 on_closed runs exactly once, last. I2 pings are answered here.
/// Failure: a peer that breaks the protocol, exceeds message_bytes_max or sends text that is not UTF-8 gets
/// the close code for it (1002, 1009, 1007) and the connection ends. Bounds: one incoming message of
/// message_bytes_max; outgoing as Duplex::buffer_bytes_max.
class WebSocket {
 public:
  struct Options {
    size_t message_bytes_max = 1024 * 1024;
    Duration ping_every = Duration::zero();  ///< zero: never
  };
  /// What the owner is told.
  struct Callbacks {
    std::function<void(std::string_view message, bool binary)> on_message;
    std::function<void()> on_drained;
    std::function<void(uint16_t code, std::string_view reason)> on_closed;  ///< 1006: without a close frame
  };

  /// True where the exchange asks for a WebSocket.
  static bool wanted(const Request& request);
  /// The protocols it offers, in its order.
  static std::vector<std::string> offered(const Request& request);
  /// The first of `ours` that the client offers; empty where none.
  static std::string choose(const Request& request, const std::vector<std::string>& ours);
  /// Answers 101 and speaks. `protocol` is echoed unless empty. BadRequest where the handshake is wrong
  /// (nothing has been answered then).
  static Result<std::shared_ptr<WebSocket>> accept(Exchange& exchange, std::string protocol, Options options);
  /// Speaks over a connection whose handshake was done elsewhere.
  static std::shared_ptr<WebSocket> over(DuplexPtr duplex, bool server, Options options,
                                         std::string protocol = "");
  /// The headers of a client's handshake, and the check of the answer to it.
  static Headers client_headers(std::string_view key, const std::vector<std::string>& protocols);
  static std::string accept_value(std::string_view key);

  virtual ~WebSocket() = default;
  virtual const std::string& protocol() const = 0;
  virtual Loop& loop() = 0;
  virtual void start(Callbacks callbacks) = 0;
  virtual Duplex::Write send(std::string_view message, bool binary) = 0;
  virtual size_t buffered_bytes() const = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Sends a close frame and ends once the peer has answered it or kDuplexLinger has passed.
  virtual void close(uint16_t code, std::string_view reason) = 0;
  virtual void cut() = 0;
};

}  // namespace mizzen::http
