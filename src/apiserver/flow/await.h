#pragma once
#include <memory>
#include <optional>

#include "async/mutex.h"
#include "async/stop.h"
#include "base/result.h"

namespace mizzen::apiserver {

/// Blocks until `start`, which is given the completion to call once from any thread, has completed, or until
/// `stop`: Cancelled then, and whatever was begun goes on by itself. For callers that have a thread to spare;
/// never on an event loop or a committing thread.
template <typename T, typename Start>
Result<T> await(const StopToken& stop, const Start& start) {
  struct State {
    Mutex m;
    CondVar changed;
    std::optional<Result<T>> result MZ_GUARDED_BY(m);
    bool stopped MZ_GUARDED_BY(m) = false;
  };
  const auto state = std::make_shared<State>();
  start([state](Result<T> result) {
    Lock lock(state->m);
    state->result.emplace(std::move(result));
    state->changed.notify_all();
  });
  const auto watching = stop.on_stop([state] {
    Lock lock(state->m);
    state->stopped = true;
    state->changed.notify_all();
  });
  Lock lock(state->m);
  while (!state->result && !state->stopped) state->changed.wait(state->m);
  if (!state->result) return Error(Code::Cancelled, "the caller has stopped");
  return std::move(*state->result);
}

}  // namespace mizzen::apiserver
