#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/executor.h"
#include "async/stop.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/exchange/duplex.h"
#include "http/loop/loop.h"
#include "http/message/headers.h"
#include "http/message/slice.h"
#include "http/message/url.h"
#include "http/tls/tls.h"

namespace mizzen::http {

/// How long a call may take and who may end it early.
struct CallContext {
  Deadline deadline = Deadline::never();
  StopToken stop;
};

/// What a client asks for. `path` is raw: percent-encoded, with its query.
struct ClientRequest {
  std::string method = "GET";
  Target target;
  std::string path = "/";
  Headers headers;
  Body body;
};

/// A whole answer. Any status is a success here: who asks judges it. Redirects are never followed.
struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

class ClientCall;

/// Role: an answer whose body is read piece by piece: watches, followed logs.
/// Threading: confined to one reader, who may go from thread to thread; cancel() is thread-safe. Dropping it
/// resets the stream. Bounds: kReaderBufferBytes wait unread; the peer is held back by flow control beyond.
class ResponseReader {
 public:
  explicit ResponseReader(std::shared_ptr<ClientCall> call) : call_(std::move(call)) {}
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  int status() const;
  const Headers& headers() const;
  /// Blocks for the next bytes; an empty string is the orderly end. Timeout where the deadline passed
  /// (reading may go on afterwards), Cancelled on stop or cancel(), ServiceUnavailable where the connection
  /// broke.
  Result<std::string> read(const CallContext& context);
  /// Never blocks: what read() would give at once; else nothing, and `ready` is called once, on the loop,
  /// when there is something to take. It must be short. cancel() and the destructor forget it; one that has
  /// begun may still be running then.
  std::optional<Result<std::string>> take(std::function<void()> ready);
  /// Reads to the end; RequestEntityTooLarge beyond `bytes_max`.
  Result<std::string> read_all(size_t bytes_max, const CallContext& context);
  void cancel();

 private:
  std::shared_ptr<ClientCall> call_;
};
inline constexpr size_t kReaderBufferBytes = 256 * 1024;

/// What dial_upgrade got: either the raw connection (status 101) or the refusal.
struct Upgraded {
  int status = 0;
  Headers headers;
  DuplexPtr duplex;  ///< null unless status is 101
  std::string body;  ///< of a refusal, cut at 64 KiB
};

/// Role: HTTP client over pooled connections that live on the loops: straight-line blocking calls for worker
/// threads, and the same calls begun and told later, for who has many under way. Place: one for each identity
/// (key material); REST clients, webhooks, probes, the way to the kubelet and to containerd. Lifecycle:
/// stop() (also in the destructor) breaks what is in flight, tells who waits, and closes everything; the
/// loops run until then. Threading: thread-safe; what blocks refuses to run on a loop thread. Failure:
/// ServiceUnavailable where no connection could be made or it broke; a request is sent again by itself only
/// where the server surely has not seen it (GOAWAY, REFUSED_STREAM, or an idle connection found closed before
/// any byte of an answer, for methods that may repeat). Timeout and Cancelled as the context says. Bounds:
/// connections_per_target_max; calls beyond wait for one. Responses of request() hold body_bytes_max.
class Client {
 public:
  struct Options {
    ClientTlsOptions tls;
    std::function<std::string()> bearer_token;  ///< asked for each request; empty: none
    std::string user_agent = "mizzen";
    size_t connections_per_target_max = 64;  ///< HTTP/1.1; HTTP/2 opens another one only when streams run out
    bool keep_alive = true;  ///< HTTP/1.1; false: each request has a connection of its own, and says so
    size_t body_bytes_max = 64 * 1024 * 1024;
    Duration connect_timeout = std::chrono::seconds(30);
    Duration idle_timeout = std::chrono::seconds(90);
    /// HTTP/2: a silent connection with calls on it is pinged after this, and broken when no answer comes for
    /// half as long again: how a cut network is found.
    Duration ping_after = std::chrono::seconds(30);
  };
  /// Errors in the key material are told by each call.
  Client(Loops& loops, Options options);
  ~Client();

  Result<Response> request(const ClientRequest& request, const CallContext& context);
  /// Returns once the header of the answer is in.
  Result<std::unique_ptr<ResponseReader>> open(const ClientRequest& request, const CallContext& context);
  /// Sends over an HTTP/1.1 connection of its own; `headers` say which upgrade. Bytes after a refused upgrade
  /// are never passed on.
  Result<Upgraded> dial_upgrade(const ClientRequest& request, const CallContext& context);
  /// A raw connection (TLS where the target says so), for protocols of their own.
  Result<DuplexPtr> dial(const Target& target, const CallContext& context);

  // The same, told later: no thread is held. `done` is called once, on a loop, never inside the call, and
  // must be short. The deadline and the stop of `context` hold until then. `look_ups` runs what blocks, the
  // look-up of a name, and outlives the call; null: the target must be an address or a socket.
  void begin(const ClientRequest& request, const CallContext& context, Executor* look_ups,
             std::function<void(Result<std::unique_ptr<ResponseReader>>)> done);
  /// With the body, of which nothing is read beyond `body_bytes_max`: that is no error.
  void begin_request(const ClientRequest& request, size_t body_bytes_max, const CallContext& context,
                     Executor* look_ups, std::function<void(Result<Response>)> done);
  void begin_dial(const Target& target, const CallContext& context, Executor* look_ups,
                  std::function<void(Result<DuplexPtr>)> done);

  /// New connections use this key material; old ones are closed when idle.
  Result<void> reload_tls(const ClientTlsOptions& tls);
  void close_idle();
  void stop();
  /// Open connections; for metrics and tests.
  size_t connections() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace mizzen::http
