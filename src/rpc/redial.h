#pragma once
#include <memory>

#include "async/mutex.h"
#include "async/thread.h"

namespace grpc {
class Channel;
}

namespace mizzen::rpc {

/// Role: brings a connection up again that was lost. gRPC's library reads what comes in by the threads that
/// wait for an answer; while calls fail at once because there is no connection, nobody waits, so a new
/// connection's handshake stands still until its time is over, again and again. Here a thread waits, as long
/// as calls fail. Threading: thread-safe; lost() never blocks. Lifecycle: the thread ends when the connection
/// stands, or when no call has failed for ten seconds; the destructor waits for it, up to kSliceMs.
class Redial {
 public:
  explicit Redial(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}
  ~Redial();

  /// A call failed since there is no connection.
  void lost();

 private:
  static constexpr int kSliceMs = 200;
  static constexpr int kSlicesMax = 50;

  void run();

  const std::shared_ptr<grpc::Channel> channel_;
  Mutex m_;
  bool running_ MZ_GUARDED_BY(m_) = false;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  int slices_ MZ_GUARDED_BY(m_) = 0;  ///< to wait for still
  Thread thread_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::rpc
