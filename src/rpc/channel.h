#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/stop.h"
#include "base/clock.h"
#include "base/result.h"

namespace mizzen::rpc {

/// Bytes of one message that is accepted, where a user names no other bound. containerd's own is 16 MiB.
inline constexpr size_t kMessageBytesMax = 16u << 20;

/// gRPC's status codes, with gRPC's numbers.
enum class Status : uint8_t {
  OK = 0,
  Canceled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
};

/// As Go spells it: NotFound, DeadlineExceeded.
std::string_view name(Status status);
/// The error as a Go client prints it: `rpc error: code = NotFound desc = ...`, with the nearest Code.
Error make_error(Status status, std::string_view description);
/// The part after `desc = `; the whole message where it is no rpc error.
std::string_view description(const Error& error);
/// The status an rpc error was made from; Unknown for other errors.
Status status_of(const Error& error);

/// Where to connect and how.
struct ChannelOptions {
  /// PEM texts, not file names. Empty ca: the system's authorities. Empty certificate: none is shown.
  struct Tls {
    std::string ca;
    std::string certificate;
    std::string key;
  };
  std::string target;      ///< `unix:///run/x.sock`, `host:port`
  std::optional<Tls> tls;  ///< absent: in clear, for unix sockets and loopback
  size_t message_bytes_max = kMessageBytesMax;
  Duration keepalive =
      {};  ///< pings an otherwise silent connection that often while calls are open; 0: never
};

/// How one call is made.
struct CallOptions {
  std::vector<std::pair<std::string, std::string>> metadata;
  StopToken stop;  ///< cancels the call
  bool wait_for_ready =
      false;  ///< wait for the server to come up, up to the deadline, instead of failing at once
};

/// Role: an open call with messages in both directions (or one way only: write once, writes_done, then read).
/// Threading: one thread may read while another writes; cancel() from any. Destroying it cancels and waits.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Sends one message; blocks on flow control. False where the call is over: finish() says why.
  [[nodiscard]] virtual bool write(std::string_view message) = 0;
  /// No more writes follow.
  virtual void writes_done() = 0;
  /// The next message; nothing at the end: finish() says how it ended.
  virtual std::optional<std::string> read() = 0;
  /// How the call ended. Once, after read() gave nothing.
  virtual Result<void> finish() = 0;
  virtual void cancel() = 0;
};

/// Role: a connection to one server, made when first used and again after each loss as long as calls are
/// tried (Redial), with back-off up to 3 s, or 0.2 s where the server is on this machine. Place: owned by the
/// client of that server (CRI, etcd). Threading: thread-safe. Calls block the calling thread up to their
/// deadline; the library has threads of its own. Streams go before their channel. Failure: ServiceUnavailable
/// where the server cannot be reached, Timeout after the deadline (the server may have carried it out),
/// Cancelled after a stop, else what the server says. Nothing is retried here. Bounds:
/// ChannelOptions::message_bytes_max each way.
class Channel {
 public:
  /// Invalid where the TLS texts contradict each other. Does not connect.
  static Result<std::unique_ptr<Channel>> open(ChannelOptions options);
  ~Channel();

  /// One request, one answer. `method` is `/package.Service/Method`.
  Result<std::string> call(std::string_view method, std::string_view request, Deadline deadline,
                           const CallOptions& options = {});
  /// The same without a thread that waits: `done` is called once, on a thread of the library, never within
  /// this call. It must be short and must not block. The channel's end waits for those under way.
  void call(std::string_view method, std::string_view request, Deadline deadline, const CallOptions& options,
            std::function<void(Result<std::string>)> done);
  /// Never null; problems come with finish(). The deadline bounds the whole call.
  std::unique_ptr<Stream> stream(std::string_view method, Deadline deadline, const CallOptions& options = {});

 private:
  class Impl;
  explicit Channel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::rpc
