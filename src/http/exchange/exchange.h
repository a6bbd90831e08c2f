#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "async/stop.h"
#include "base/result.h"
#include "http/exchange/duplex.h"
#include "http/loop/loop.h"
#include "http/message/headers.h"
#include "http/message/slice.h"
#include "http/tls/tls.h"

namespace mizzen::http {

struct WireLink;
class Wire;
struct StreamCore;

/// A request as it came, after the protocol's own checks.
struct Request {
  std::string method;
  std::string path;   ///< raw (percent-encoded), starts with '/' (or is "*" for OPTIONS)
  std::string query;  ///< raw, without '?'
  std::string authority;
  Headers headers;
  std::string_view protocol;  ///< "HTTP/1.1", "HTTP/1.0" or "HTTP/2.0"
  std::string remote;         ///< ip:port of the peer, "@" for a unix socket
  bool tls = false;
  /// The peer's certificate once verified against the client CA bundle; null where none was given or it was
  /// refused.
  std::shared_ptr<const PeerCertificate> peer;
  /// Why a certificate that was given is not in `peer` ("certificate has expired"); empty where none was
  /// given.
  std::string peer_refused;
};

/// Role: a response body written piece by piece from any thread: watches, followed logs, big lists.
/// Place: from Exchange::start_stream; the owner keeps it and calls finish(), or drops it, which finishes
/// too. Threading: thread-safe. Callbacks run on the loop thread and must not block. Invariants: I1 on_closed
/// runs exactly once. I2 slices go out in the order of write(). I3 nothing is sent after finish() or cut().
/// Bounds: at most `buffer_bytes_max` bytes wait for a slow reader; write() then says Full and takes nothing:
/// the owner cuts the stream or waits for on_drained. A single slice may exceed the bound if nothing else
/// waits.
class Stream {
 public:
  enum class Write { Ok, Full, Closed };
  explicit Stream(std::shared_ptr<StreamCore> core) : core_(std::move(core)) {}
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Write write(Slice slice);
  /// Ends the body after what was written. Idempotent.
  void finish();
  /// Drops what waits and resets the stream (HTTP/2) or closes the connection (HTTP/1.1), so that the peer
  /// can tell.
  void cut();
  size_t buffered_bytes() const;
  bool closed() const;
  /// Runs `f` each time the buffer has fallen under half of its bound after a Full. Set before the first
  /// write.
  void on_drained(std::function<void()> f);
  /// Runs `f` once, when the peer went away, the stream was cut or all of it has been handed to the
  /// connection after finish(); at once (on this thread) if that has happened already.
  void on_closed(std::function<void()> f);

  /// One slice each for many streams with one wake-up per loop. Results stand in the order of `writes`.
  static std::vector<Write> write_batch(std::span<const std::pair<Stream*, Slice>> writes);

 private:
  std::shared_ptr<StreamCore> core_;
};
using StreamPtr = std::shared_ptr<Stream>;

/// Role: one request and the way to answer it, once.
/// Place: made by Server for each request, handed to the Handler on the loop thread; may be moved to a
/// worker. Threading: thread-safe; respond(), start_stream() and upgrade() may come from any thread, the
/// first of them wins. Failure: an exchange that is dropped unanswered answers 500. Answers to a peer that
/// has gone are discarded.
class Exchange {
 public:
  /// What the server's options set for all its exchanges.
  struct Limits {
    size_t body_bytes_max;
    size_t stream_buffer_bytes_max;
    Duration body_timeout;
  };
  Exchange(Request request, std::shared_ptr<WireLink> link, Loop& loop, Limits limits);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request& request() const { return request_; }
  Loop& loop() const { return loop_; }

  /// Reads the whole body, then runs `done` on the loop thread. RequestEntityTooLarge where it is longer than
  /// `bytes_max` or the server's bound, whichever is less; Timeout after the server's body_timeout; Cancelled
  /// where the peer went away.
  void read_body(size_t bytes_max, std::function<void(Result<std::string>)> done);
  /// Reads the next piece, for streaming uploads; an empty string is the end. One call at a time.
  void read_chunk(std::function<void(Result<std::string>)> done);

  /// Answers with a whole body; Content-Length is set, HEAD sends none of it. Hop-by-hop headers are the
  /// server's.
  void respond(int status, Headers headers, Body body = {});
  void respond(int status, Headers headers, Slice body) {
    respond(status, std::move(headers), Body{std::move(body)});
  }
  /// text/plain with a newline, as Go's http.Error.
  void respond_text(int status, std::string_view text);
  /// Answers with a body that follows piece by piece (chunked or DATA frames). Null only if already answered.
  StreamPtr start_stream(int status, Headers headers);
  /// HTTP/1.1 only: answers 101 with these headers (Upgrade and Connection among them) and gives the raw
  /// connection, starting with the bytes the client sent after its header. BadRequest where the request asks
  /// for no upgrade or carries a body, or the protocol cannot; nothing has been answered then. Callable from
  /// any thread.
  Result<DuplexPtr> upgrade(Headers headers);
  /// True where the client asks to upgrade (HTTP/1.1, Connection: Upgrade, Upgrade: x).
  bool wants_upgrade() const;

  /// Stops when the peer goes away, the server cuts the exchange or the answer is out: hand it to blocking
  /// work.
  StopToken gone();
  bool answered() const { return answered_.load(); }

 private:
  bool take_answer();

  const Request request_;
  const std::shared_ptr<WireLink> link_;
  Loop& loop_;
  const Limits limits_;
  std::atomic<bool> answered_ = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace mizzen::http
