#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/exchange/duplex.h"
#include "http/websocket/websocket.h"

namespace mizzen::http {

/// Sub-protocols of exec and attach over WebSocket that translate_streams() speaks, best first.
inline constexpr const char* kStreamProtocolV5 = "v5.channel.k8s.io";
/// What a SPDY peer must have chosen in X-Stream-Protocol-Version.
inline constexpr const char* kStreamProtocolV4 = "v4.channel.k8s.io";
/// Before the protocol of a SPDY connection that is carried inside WebSocket messages (port-forward).
inline constexpr const char* kTunnelPrefix = "SPDY/3.1+";
/// Messages a session accepts from its client.
inline constexpr size_t kStreamMessageBytesMax = 1024 * 1024;

/// What a remote command session carries.
struct TranslateOptions {
  bool stdin_wanted = false;
  bool stdout_wanted = false;
  bool stderr_wanted = false;  ///< ignored with a terminal
  bool tty = false;
  /// The Status to send where the session breaks, as JSON; `why` is for people.
  std::function<std::string(const std::string& why)> failure_status;
  /// Runs once on a loop when all is over.
  std::function<void()> done;
};

/// Carries an exec or attach session between a WebSocket client (channels 0 stdin, 1 stdout, 2 stderr, 3
/// error, 4 resize, 255 close signal) and a SPDY/3.1 server (one stream each), until the command ended or a
/// side broke. `spdy` is fresh from its upgrade. The last message to the client is the Status of the command,
/// passed on as the server wrote it; Success where it wrote none. Non-blocking; it keeps both sides alive
/// until the end. Bounds: each direction waits for the other with at most kDuplexBufferBytesMax and one
/// message. Upstream: apiserver's stream translator and client-go's remotecommand v4.
void translate_streams(std::shared_ptr<WebSocket> client, DuplexPtr spdy, TranslateOptions options);

/// Tells a WebSocket client that its session cannot be: the Status on the error channel, then close.
void refuse_streams(const std::shared_ptr<WebSocket>& client, std::string_view status_json);

/// Carries the bytes of a SPDY connection inside binary messages, unchanged: port-forward of new clients.
void tunnel_websocket(std::shared_ptr<WebSocket> client, DuplexPtr spdy,
                      std::function<void()> done = nullptr);

/// The SPDY protocols a WebSocket client wants tunnelled: "SPDY/3.1+portforward.k8s.io" ->
/// "portforward.k8s.io".
std::vector<std::string> tunnelled_protocols(const Request& request);

}  // namespace mizzen::http
