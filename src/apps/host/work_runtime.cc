#include "apps/host/work_runtime.h"

#include "linux/files/system_info.h"

namespace mizzen::apps {

WorkRuntime::WorkRuntime(std::string name, size_t threads_max)
    : executor_(real_clock(), {.name = std::move(name), .threads_max = threads_max, .queue_max = 100'000}),
      timers_(executor_, real_clock()),
      runtime_{real_clock(), secure_random(), executor_, timers_} {}

void WorkRuntime::stop() {
  timers_.stop();
  executor_.stop();
}

std::string election_identity() { return linux::system_info().hostname + "_" + uuid(secure_random()); }

}  // namespace mizzen::apps
