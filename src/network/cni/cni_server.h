#pragma once
#include <functional>
#include <memory>
#include <string>

#include "async/runtime.h"
#include "base/clock.h"
#include "base/result.h"
#include "network/protocol/cni_call.h"

namespace mizzen::network {

/// Role: the socket on which plug-ins ask the node's network. One call a connection. Only root is answered:
/// the socket is 0600, and the kernel says who is behind a connection. Lifecycle: start() → stop(), which
/// removes the socket and waits for the calls under way; idempotent, also in the destructor. Threading: one
/// thread that accepts; each call is read, handled and answered on the executor, and `handle` may block.
/// Bounds: kConnectionsMax calls at once, the rest is told to try again; a call has kCallTimeout from when it
/// was accepted, the wait for a thread included.
class CniServer {
 public:
  static constexpr size_t kConnectionsMax = 512;
  static constexpr auto kCallTimeout = std::chrono::seconds(30);
  using Handler = std::function<CniAnswer(const CniCall&, Deadline)>;

  CniServer(Runtime runtime, std::string path, Handler handle);
  ~CniServer();
  /// BadRequest where the path is too long for a socket. A socket that somebody left there is replaced.
  Result<void> start();
  void stop();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::network
