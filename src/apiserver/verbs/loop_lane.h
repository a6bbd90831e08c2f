#pragma once
#include <memory>

#include <absl/container/flat_hash_map.h>

#include "apiserver/cache/lane.h"
#include "async/mutex.h"
#include "http/loop/loop.h"

namespace mizzen::apiserver {

/// Role: an event loop as the lane of the watches on its connections. Must not outlive the loop.
class LoopLane final : public Lane {
 public:
  explicit LoopLane(http::Loop& loop) : loop_(loop) {}
  void post(std::function<void()> f) override { loop_.post(std::move(f)); }
  bool here() const override { return loop_.on_thread(); }

 private:
  http::Loop& loop_;
};

/// Role: one lane for each loop that has served a watch. Threading: thread-safe. Bounds: the loops.
class LoopLanes {
 public:
  Lane& of(http::Loop& loop) {
    Lock lock(m_);
    auto& lane = lanes_[&loop];
    if (!lane) lane = std::make_unique<LoopLane>(loop);
    return *lane;
  }

 private:
  Mutex m_;
  absl::flat_hash_map<http::Loop*, std::unique_ptr<LoopLane>> lanes_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::apiserver
