#pragma once
#include <memory>
#include <utility>

#include "kubelet/work/operations/operation.h"

namespace mizzen::kubelet {

/// Runs `work` where calls may block as long as a disk does, and tells `done` of its result on the pod's
/// lane: a disk that hangs holds up its own pod, and a thread of world.disk. Neither runs once the agent
/// stops.
template <typename Work, typename Done>
void run_on_disk(NodeWorld& world, std::shared_ptr<Executor> lane, Work work, Done done) {
  auto token = world.gate.enter();
  if (!token) return;
  auto told = [&world, lane = std::move(lane), token, work = std::move(work),
               done = std::move(done)]() mutable {
    post_on(world, lane,
            [token, result = work(), done = std::move(done)]() mutable { done(std::move(result)); });
  };
  post_on(world, world.disk, std::move(told));
}

}  // namespace mizzen::kubelet
