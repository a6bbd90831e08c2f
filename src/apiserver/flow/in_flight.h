#pragma once
#include <memory>

#include "async/mutex.h"

namespace mizzen::apiserver {

/// Role: counts what has been begun and will end on another thread, so that whoever owns what it uses can
/// wait for the end before going. Threading: thread-safe. The tokens must not outlive it.
class InFlight {
 public:
  using Token = std::shared_ptr<void>;
  ~InFlight() { wait_idle(); }

  /// Counts until the token and all its copies have gone.
  Token begin() {
    Lock lock(m_);
    ++count_;
    return Token(nullptr, [this](void*) {
      Lock guard(m_);
      if (--count_ == 0) idle_.notify_all();
    });
  }
  /// Blocks until nothing is under way.
  void wait_idle() {
    Lock lock(m_);
    while (count_ > 0) idle_.wait(m_);
  }

 private:
  Mutex m_;
  CondVar idle_;
  size_t count_ MZ_GUARDED_BY(m_) = 0;
};

}  // namespace mizzen::apiserver
