#pragma once
#include <string>

#include "async/runtime.h"

namespace mizzen::apps {

/// Role: threads and timers of one role, with the system's clock and generator. Lifecycle: stop() ends what
/// runs and waits for it; idempotent, also in the destructor. What uses the runtime goes before it.
class WorkRuntime {
 public:
  explicit WorkRuntime(std::string name, size_t threads_max = 16);
  ~WorkRuntime() { stop(); }
  const Runtime& runtime() const { return runtime_; }
  void stop();

 private:
  ThreadPool executor_;
  Timers timers_;
  const Runtime runtime_;
};

/// What a candidate for this lease calls itself, as upstream's do: "host_uuid".
std::string election_identity();

}  // namespace mizzen::apps
