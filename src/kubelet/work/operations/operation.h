#pragma once
#include <memory>
#include <utility>

#include "async/stop.h"
#include "kubelet/work/operations/node_world.h"

namespace mizzen::kubelet {

/// Runs `f` on the executor, later where it has no room now: what was begun must be told how it ended. `kept`
/// lives as long: the lane itself, where only its pod holds it.
inline void post_on(NodeWorld& world, Executor& executor, std::function<void()> f,
                    std::shared_ptr<Executor> kept = nullptr) {
  if (executor.post(f)) return;
  world.alarms.after(std::chrono::milliseconds(100), [&world, &executor, f = std::move(f), kept]() mutable {
    post_on(world, executor, std::move(f), std::move(kept));
  });
}
/// The same on a pod's lane.
inline void post_on(NodeWorld& world, const std::shared_ptr<Executor>& lane, std::function<void()> f) {
  post_on(world, *lane, std::move(f), lane);
}

/// Role: something that is done for one pod in several steps, each of which may take long: a state machine
/// that holds no thread. Place: begun by the pod's work, which is told once how it ended, on its lane.
/// Threading: every step runs on the pod's lane; whatever comes from elsewhere is posted there. Lifecycle: it
/// keeps itself until it has ended; whoever began it keeps it, too, as long as he wants to
/// be told. Failure: cancel() ends the call under way and what it began itself; the
/// runtime may have carried it out all the same, so whoever cancels looks at the pod again.
class Operation : public std::enable_shared_from_this<Operation> {
 public:
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  /// On the lane.
  void cancel() {
    stop_.stop();
    cancel_parts();
  }
  bool is_cancelled() const { return stop_.token().stopped(); }

 protected:
  Operation(NodeWorld& world, std::shared_ptr<Executor> lane) : world_(world), lane_(std::move(lane)) {}

  /// Ends what this operation waits for beside its own call.
  virtual void cancel_parts() {}

  /// `f`, run on the lane with what it is called with. Keeps this, and the world's gate open.
  template <typename F>
  auto on_lane(F f) {
    return [self = shared_from_this(), this, token = world_.gate.enter(), f = std::move(f)](auto... result) {
      if (token) post_on(world_, lane_, [self, token, f, result...]() mutable { f(std::move(result)...); });
    };
  }
  /// One call to the runtime. Nothing is called, and nobody told, once the node's agent stops.
  template <auto kCall, typename Request, typename F>
  void call(const Request& request, Duration timeout, F then) {
    if (world_.gate.is_closed()) return;
    (world_.runtime.*kCall)(request,
                            {.deadline = Deadline::after(timeout, world_.clock), .stop = stop_.token()},
                            on_lane(std::move(then)));
  }

  NodeWorld& world_;
  const std::shared_ptr<Executor> lane_;
  StopSource stop_;
};

/// `f`, while `owner` is there: how an operation tells him that it ended. It does not keep him: an operation
/// that the agent's stop cut off tells nobody, and two that keep each other would never go.
template <typename Owner, typename F>
auto told_to(const std::shared_ptr<Owner>& owner, F f) {
  return [owner = std::weak_ptr<Owner>(owner), f = std::move(f)](auto&&... result) {
    if (const auto kept = owner.lock()) f(std::forward<decltype(result)>(result)...);
  };
}

/// True where nobody can say whether the runtime did what it was asked.
inline bool is_in_doubt(const Error& error) {
  return error.code() == Code::Cancelled || error.code() == Code::Timeout ||
         error.code() == Code::ServiceUnavailable;
}

}  // namespace mizzen::kubelet
