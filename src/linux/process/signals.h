#pragma once
#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// Turns SIGTERM and SIGINT (and, ignored at once, SIGPIPE) into something a thread waits for. Construct it
/// in main before any thread starts: threads inherit the mask. Threading: wait() from one thread.
class Signals {
 public:
  Signals();
  /// The signal that came; 0 where the deadline passed; Cancelled on stop.
  Result<int> wait(Deadline deadline, const StopToken& stop = {});

 private:
  Fd fd_;
};

}  // namespace mizzen::linux
