#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/client/client.h"
#include "http/client/names.h"
#include "http/transport/channel.h"

namespace mizzen::http {

/// What a connection is made by.
struct DialOrder {
  Target target;
  std::shared_ptr<const TlsContext> tls;  ///< null: plain
  bool offer_http2 = false;
  CallContext context;
  StopToken cut = {};  ///< of the client
  LookUps look_ups;
};

/// Role: makes one connection, from the name to the end of the TLS handshake, and holds no thread meanwhile.
/// Threading: confined to its loop. Lifecycle: it keeps itself until it has told, once, what came of it;
/// never inside begin(). Failure: ServiceUnavailable, Timeout or Cancelled, in Go's words. Bounds: 16
/// addresses.
class Dial final : public FdEvents, public std::enable_shared_from_this<Dial> {
 public:
  using Done = std::function<void(Result<Socket>)>;
  /// From any thread. `done` is called on the loop.
  static void begin(Loop& loop, DialOrder order, Done done);

 private:
  Dial(Loop& loop, DialOrder order, Done done)
      : loop_(loop), order_(std::move(order)), done_(std::move(done)) {}
  void start();
  void resolved(Addresses addresses);
  void connect_next();
  void connected();
  void secure();
  void shake_hands();
  void on_readable() override;
  void on_writable() override;
  void give_up(Code code, const char* why);
  void end(Result<Socket> result);

  Loop& loop_;
  DialOrder order_;
  Done done_;  ///< empty once told
  std::vector<Address> addresses_;
  size_t next_ = 0;
  std::string doing_;  ///< for errors
  Socket socket_;
  Loop::TimerId timer_ = 0;
  std::shared_ptr<void> on_stop_;
  std::shared_ptr<void> on_cut_;
  std::shared_ptr<Dial> self_;
};

}  // namespace mizzen::http
