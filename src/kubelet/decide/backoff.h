#pragma once
#include <map>
#include <string>

#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen::kubelet {

/// Pauses that double from one failure of the same key to the next, as upstream's flow control keeps them:
/// for restarts of containers and for pulls of images. Threading: thread-safe. Bounds: keys_max; beyond it
/// the oldest key is forgotten, which only shortens its next pause.
class Backoff {
 public:
  struct Options {
    Duration first = std::chrono::seconds(10);
    Duration max = std::chrono::seconds(300);
    size_t keys_max = 10'000;
  };
  Backoff(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// True while the pause that started at `since` has not passed.
  bool in_backoff(const std::string& key, Monotonic since) const;
  /// The present pause of the key; zero where it has none.
  Duration pause(const std::string& key) const;
  /// Doubles the pause; starts anew where nothing happened for twice the longest pause before `at`.
  void next(const std::string& key, Monotonic at);
  void forget(const std::string& key);

 private:
  struct Entry {
    Duration pause{};
    Monotonic updated;
  };
  const Clock& clock_;
  const Options options_;
  mutable Mutex m_;
  std::map<std::string, Entry> entries_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::kubelet
