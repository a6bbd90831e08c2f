#pragma once
#include "kubelet/work/operations/operation.h"

namespace mizzen::kubelet {

/// Role: stops one container: its Killing event, its preStop hook, then the runtime's stop, all within the
/// grace period. It may be told to wait for its turn before the stop (others have to end first), and that it
/// has less time than it was given.
class StopContainer final : public Operation {
 public:
  struct Wish {
    std::shared_ptr<const Pod> pod;
    ContainerRecord record;
    std::string message;  ///< of the event; empty: upstream's usual one
    int64_t grace_s = 0;
    bool waits_for_turn = false;
  };
  using Done = std::function<void(Result<void>)>;
  static std::shared_ptr<StopContainer> begin(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish,
                                              Done done);
  const ContainerRecord& record() const { return wish_.record; }
  /// Nothing has to be waited for any more. On the lane.
  void your_turn();
  /// No more than this from now on. On the lane.
  void shorten(int64_t grace_s);

 private:
  StopContainer(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish, Done done);
  void start();
  void cancel_parts() override { hook_stop_.stop(); }
  void run_hook(const api::core::v1::LifecycleHandler& hook);
  void hook_ended(const HandlerResult& result);
  void stop_when_due();
  void send_stop();
  void stopped(const Result<cri::v1::StopContainerResponse>& answer);
  Duration left() const;

  Wish wish_;
  Done done_;
  Monotonic deadline_;
  StopSource hook_stop_;
  bool in_hook_ = false;
  bool sent_ = false;
  bool ended_ = false;
};

}  // namespace mizzen::kubelet
