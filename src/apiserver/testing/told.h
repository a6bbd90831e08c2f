#pragma once
#include <optional>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "base/error.h"

namespace mizzen::apiserver::testing {

/// What a watcher was told, in lines, and how it ended; whoever waits gives up after ten seconds without a
/// new line, so that how long many lines take, with sanitizers or on a busy machine, decides nothing.
/// Threading: thread-safe.
class Told {
 public:
  /// How many there are now.
  size_t add(std::string line) {
    Lock lock(m_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
    return lines_.size();
  }
  void end(const Error& error) {
    Lock lock(m_);
    ended_ = error;
    changed_.notify_all();
  }
  /// Until there are so many, or the end.
  std::vector<std::string> wait(size_t n) {
    Lock lock(m_);
    size_t seen = lines_.size();
    Deadline deadline = silence();
    while (lines_.size() < n && !ended_ && !deadline.expired()) {
      changed_.wait_until(m_, deadline);
      if (lines_.size() != seen) deadline = silence();
      seen = lines_.size();
    }
    return lines_;
  }
  std::optional<Error> wait_end() {
    Lock lock(m_);
    const Deadline deadline = silence();
    while (!ended_ && !deadline.expired()) changed_.wait_until(m_, deadline);
    return ended_;
  }
  std::optional<Error> ended() {
    Lock lock(m_);
    return ended_;
  }
  size_t count() {
    Lock lock(m_);
    return lines_.size();
  }

 private:
  static Deadline silence() { return Deadline::after(std::chrono::seconds(10), real_clock()); }

  Mutex m_;
  CondVar changed_;
  std::vector<std::string> lines_ MZ_GUARDED_BY(m_);
  std::optional<Error> ended_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::apiserver::testing
