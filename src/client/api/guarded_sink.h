#pragma once
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "async/mutex.h"
#include "client/api/api_client.h"

namespace mizzen::client {

/// Role: a component's sink that can be closed, as every `Watch` must do when it goes: its calls come one at
/// a time, on_end is the last, and after close() there is none. Place: below each implementation of
/// ApiClient::watch. Lifecycle: whoever calls tell() or end() keeps it for the call; the sink may close it
/// from within. Threading: thread-safe.
class GuardedSink {
 public:
  explicit GuardedSink(WatchSink sink) : sink_(std::move(sink)) {}
  GuardedSink(const GuardedSink&) = delete;

  void tell(std::vector<WatchEvent> events);
  void end(const Error& error);
  /// Waits for a running call, unless it is made from one.
  void close();
  /// Nothing is told any more.
  bool closed() const { return closed_; }

 private:
  template <typename F>
  void run(const F& call);

  const WatchSink sink_;
  std::atomic<bool> closed_ = false;
  std::atomic<uint64_t> within_ = 0;  ///< the thread in a call of the sink
  Mutex m_;                           ///< held while the sink runs
};

}  // namespace mizzen::client
