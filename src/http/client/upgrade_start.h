#pragma once
#include <functional>
#include <memory>
#include <string>

#include "http/client/client.h"
#include "http/client/h1_request.h"
#include "http/transport/channel.h"

namespace mizzen::http {

/// Role: asks for an upgrade over a connection of its own, and gives the connection on once it is granted.
/// Threading: confined to its loop. Lifecycle: it keeps itself until it has told, once. Failure: as a call's.
/// Bounds: kRefusalBytesMax of a refusal's body.
class UpgradeStart final : public Channel, public std::enable_shared_from_this<UpgradeStart> {
 public:
  /// Status 101: the socket and what came behind the header in `early`; else the refusal.
  struct Outcome {
    Upgraded answer;
    Socket socket;
    std::string early;
  };
  using Done = std::function<void(Result<Outcome>)>;
  /// On the loop; `done` is called later, on it.
  static void begin(Loop& loop, Socket socket, const ClientRequest& request, const Headers& headers,
                    const CallContext& context, Done done);

 private:
  UpgradeStart(Loop& loop, Done done) : Channel(loop, Duration::zero()), done_(std::move(done)) {}
  void start(Socket socket, const ClientRequest& request, const Headers& headers, const CallContext& context);
  void on_handshaken() override {}
  void on_input(std::string_view bytes) override;
  void on_input_end() override { lost(Error(Code::ServiceUnavailable, "unexpected EOF")); }
  void on_drained() override {}
  void on_broken(const std::string& why) override { lost(Error(Code::ServiceUnavailable, why)); }
  void take_refusal();
  /// The rest of a refusal is not worth an error.
  void lost(const Error& why);
  void end(Result<Outcome> outcome);

  Done done_;
  std::string method_;
  std::string in_;
  bool refused_ = false;
  Upgraded answer_;
  H1BodyReader body_;
  Loop::TimerId timer_ = 0;
  std::shared_ptr<void> on_stop_;
  std::shared_ptr<UpgradeStart> self_;
};

}  // namespace mizzen::http
