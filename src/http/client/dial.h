#pragma once
#include <memory>
#include <string>

#include "http/client/client.h"
#include "http/transport/transport.h"

namespace mizzen::http {

/// Role: a connected socket driven from a blocking caller with a deadline and a stop, until a loop takes it
/// over. Threading: confined to the caller. Failure: ServiceUnavailable, Timeout or Cancelled, in Go's words.
class BlockingSocket {
 public:
  /// Resolves, connects and, where the target says TLS, shakes hands.
  static Result<std::unique_ptr<BlockingSocket>> dial(const Target& target,
                                                      std::shared_ptr<const TlsContext> tls, bool offer_http2,
                                                      const CallContext& context);
  ~BlockingSocket();
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;

  Transport& transport() { return *transport_; }
  Result<void> write(OutQueue& out);
  /// Appends what comes next; false at the end.
  Result<bool> read(std::string& into);
  /// The caller must make a Watch of it.
  std::pair<int, std::unique_ptr<Transport>> release();

 private:
  BlockingSocket(int fd, const CallContext& context) : fd_(fd), context_(context) {}
  Result<void> wait(bool for_read);
  Result<void> connect(const void* address, size_t length);

  int fd_;
  int stop_fd_ = -1;
  CallContext context_;
  std::shared_ptr<void> on_stop_;
  std::unique_ptr<Transport> transport_;
};

/// Keeps SIGPIPE from this thread for a scope: OpenSSL writes without MSG_NOSIGNAL.
class SigpipeGuard {
 public:
  SigpipeGuard();
  ~SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  bool was_pending_ = false;
  bool was_blocked_ = false;
};

}  // namespace mizzen::http
