#include "rpc/redial.h"

#include <grpc/support/time.h>
#include <grpcpp/channel.h>

namespace mizzen::rpc {

Redial::~Redial() {
  Thread thread;
  {
    Lock lock(m_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  thread.join();
}

void Redial::lost() {
  Lock lock(m_);
  slices_ = kSlicesMax;
  if (stopping_ || running_) return;
  running_ = true;
  thread_ = Thread("rpc-redial", [this] { run(); });  // the one before has let go of the lock for good
}

void Redial::run() {
  for (;;) {
    const bool connected = channel_->WaitForConnected(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kSliceMs, GPR_TIMESPAN)));
    Lock lock(m_);
    if (connected || stopping_ || --slices_ <= 0) {
      running_ = false;
      return;
    }
  }
}

}  // namespace mizzen::rpc
