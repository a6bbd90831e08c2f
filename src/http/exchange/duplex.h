#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/loop/loop.h"
#include "http/message/slice.h"

namespace mizzen::http {

/// Role: a raw two-way byte stream after an upgrade (or a dial), TLS or not, bytes untouched.
/// Place: from Exchange::upgrade and Client::dial_upgrade; WebSocket, SPDY and splice() stand on it.
/// Threading: thread-safe. Callbacks run on loop() and must not block.
/// Lifecycle: nothing is read before start(). Dropping the last reference closes the connection.
/// Invariants: I1 on_closed runs exactly once, last, and callbacks are released after it. I2 on_data is not
/// called between pause() taking effect on the loop and resume(). Bounds: buffer_bytes_max() bytes wait for
/// the peer; write() says Full beyond and takes nothing.
class Duplex {
 public:
  enum class Write { Ok, Full, Closed };
  /// What the owner is told. Unset members are skipped.
  struct Callbacks {
    std::function<void(std::string_view bytes)> on_data;
    std::function<void()> on_eof;      ///< the peer ended its half; writing may go on
    std::function<void()> on_drained;  ///< less than half of the bound waits, after a Full or above half
    std::function<void(const Error&)>
        on_closed;  ///< Cancelled after close() by us or an orderly end of both halves
  };
  virtual ~Duplex() = default;
  virtual Loop& loop() = 0;
  virtual void start(Callbacks callbacks) = 0;
  virtual Write write(Slice slice) = 0;
  virtual size_t buffered_bytes() const = 0;
  virtual size_t buffer_bytes_max() const = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Ends our half after what was written (TLS close_notify or TCP FIN). Idempotent.
  virtual void shutdown_write() = 0;
  /// Closes both halves after what was written, waiting kDuplexLinger at most for the peer to take it.
  virtual void close() = 0;
  /// Closes at once, dropping what waits.
  virtual void cut() = 0;
};
using DuplexPtr = std::shared_ptr<Duplex>;

inline constexpr size_t kDuplexBufferBytesMax = 256 * 1024;
inline constexpr Duration kDuplexLinger = std::chrono::seconds(10);

/// Carries bytes both ways between `a` and `b` until one side ends its half or breaks; then closes both,
/// after what was read before, and runs `done` once on a loop thread: as upstream's proxy does. Bounds: a
/// side that does not read holds buffer_bytes_max() plus one read at most; the other side is paused
/// meanwhile. Non-blocking.
void splice(DuplexPtr a, DuplexPtr b, std::function<void()> done = nullptr);

}  // namespace mizzen::http
