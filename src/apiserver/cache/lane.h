#pragma once
#include <functional>

namespace mizzen::apiserver {

/// Role: where the watchers of one kind are served: one function at a time, in order of posting. Each event
/// loop is a lane for the watches on its connections; one thread is the lane of components in the process.
/// All of a watcher happens on its lane, so that nothing of it needs a lock. Threading: post() is thread-safe
/// and never blocks. Functions must be short.
class Lane {
 public:
  virtual ~Lane() = default;
  virtual void post(std::function<void()> f) = 0;
  /// True on the lane itself.
  virtual bool here() const = 0;
};

}  // namespace mizzen::apiserver
