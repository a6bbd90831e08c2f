#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "async/mutex.h"
#include "base/clock.h"
#include "base/result.h"

namespace mizzen::http {

/// Role: a thread that waits for what is told elsewhere, and meanwhile runs what blocks on its behalf.
/// Threading: tell() and post() from any thread; wait() by one. Always in a shared_ptr: who tells may be
/// slower than who waits.
template <typename T>
class Wait {
 public:
  void tell(Result<T> result) {
    Lock lock(m_);
    if (result_) return;
    result_.emplace(std::move(result));
    changed_.notify_all();
  }
  /// False once nobody waits.
  bool post(std::function<void()> f) {
    Lock lock(m_);
    if (over_) return false;
    work_.push_back(std::move(f));
    changed_.notify_all();
    return true;
  }
  /// Once `deadline` has passed, `expired` is called; what is told counts all the same. Where nothing is,
  /// since the loops have ended, it is called again with `last`, and the wait is over: Timeout.
  Result<T> wait(Deadline deadline, const Clock& clock, const std::function<void(bool last)>& expired) {
    for (bool late = false;;) {
      std::function<void()> f;
      {
        Lock lock(m_);
        while (!result_ && work_.empty() && !deadline.expired()) changed_.wait_until(m_, deadline);
        if (result_) {
          over_ = true;
          return std::move(*result_);
        }
        if (!work_.empty()) {
          f = std::move(work_.front());
          work_.pop_front();
        }
      }
      if (f) {
        f();
        continue;
      }
      expired(late);
      if (late) tell(Error(Code::Timeout, "i/o timeout"));
      late = true;
      deadline = Deadline::after(kLoopsMax, clock);
    }
  }

 private:
  /// How long loops that run may take to tell of a deadline.
  static constexpr Duration kLoopsMax = std::chrono::seconds(5);
  Mutex m_;
  CondVar changed_;
  bool over_ MZ_GUARDED_BY(m_) = false;
  std::deque<std::function<void()>> work_ MZ_GUARDED_BY(m_);
  std::optional<Result<T>> result_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::http
