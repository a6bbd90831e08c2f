#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen::kubelet {

/// Role: answers that are good for a while. Threading: thread-safe. Bounds: kMax answers; where it is full it
/// forgets those that are over, and all where that is not enough: they are asked for again.
template <typename T>
class Remembered {
 public:
  static constexpr size_t kMax = 8192;  ///< upstream's
  explicit Remembered(const Clock& clock) : clock_(clock) {}

  std::optional<T> find(const std::string& key) {
    Lock lock(m_);
    const auto it = answers_.find(key);
    if (it == answers_.end() || it->second.until <= clock_.monotonic()) return std::nullopt;
    return it->second.answer;
  }
  void keep(const std::string& key, T answer, Duration good_for) {
    Lock lock(m_);
    const Monotonic now = clock_.monotonic();
    if (answers_.size() >= kMax)
      std::erase_if(answers_, [&](const auto& a) { return a.second.until <= now; });
    if (answers_.size() >= kMax) answers_.clear();
    answers_.insert_or_assign(key, Answer{std::move(answer), now + good_for});
  }

 private:
  struct Answer {
    T answer;
    Monotonic until;
  };
  const Clock& clock_;
  Mutex m_;
  std::map<std::string, Answer> answers_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::kubelet
