#pragma once
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace mizzen {

/// Role: an immutable value that is replaced as a whole now and then and read all the time. Who reads it has
/// the newest at that moment, and keeps it for as long as he likes. Threading: thread-safe; the lock is held
/// for the copy of a pointer and nothing else, and no value is destroyed under it.
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first = nullptr) : value_(std::move(first)) {}

  std::shared_ptr<const T> load() const {
    Lock lock(m_);
    return value_;
  }
  void store(std::shared_ptr<const T> next) {
    Lock lock(m_);
    value_.swap(next);
  }

 private:
  mutable Mutex m_;
  std::shared_ptr<const T> value_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen
