#include "client/api/guarded_sink.h"

#include "base/cooperation.h"

namespace mizzen::client {

template <typename F>
void GuardedSink::run(const F& call) {
  Lock lock(m_);
  if (closed_) return;
  within_ = this_thread_id();
  call();
  within_ = 0;
}

void GuardedSink::tell(std::vector<WatchEvent> events) {
  run([&] { sink_.on_events(std::move(events)); });
}

void GuardedSink::end(const Error& error) {
  run([&] {
    closed_ = true;
    sink_.on_end(error);
  });
}

void GuardedSink::close() {
  if (within_ == this_thread_id()) {
    // The lock is held further up this very stack.
    closed_ = true;
    return;
  }
  Lock lock(m_);
  closed_ = true;
}

}  // namespace mizzen::client
