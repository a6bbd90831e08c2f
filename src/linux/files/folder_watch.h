#pragma once
#include <string>

#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// Role: waits until the kernel says that something in a folder changed (inotify): a file was written and
/// closed, came, or went. Which one it does not say: who waits looks. Threading: follow() and stop() from any
/// thread, wait() from one. Bounds: changes that nobody waits for are one. Failure: a folder that cannot be
/// followed, because it is not there or the kernel has no room, is not: whoever needs to know looks from time
/// to time.
class FolderWatch {
 public:
  static Result<FolderWatch> open();
  /// From now on this folder too, and once only.
  void follow(const std::string& folder);
  /// Blocks until something changed (true) or stop() was called (false).
  bool wait();
  /// wait() says false from now on.
  void stop();

 private:
  FolderWatch(Fd events, Fd stopped) : events_(std::move(events)), stopped_(std::move(stopped)) {}
  Fd events_, stopped_;
};

}  // namespace mizzen::linux
