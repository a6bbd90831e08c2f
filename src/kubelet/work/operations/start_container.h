#pragma once
#include <optional>

#include "kubelet/work/operations/container_setup.h"
#include "kubelet/work/operations/stop_container.h"

namespace mizzen::kubelet {

/// Role: brings one container up: its image, its configuration, the container, its postStart hook.
/// Threading: see Operation. Failure: told as what `state.waiting` shows, after upstream's events; a hook
/// that fails takes the container down again.
class StartContainer final : public Operation {
 public:
  struct Wish {
    std::shared_ptr<const Pod> pod;
    std::string container;
    RuntimePod state;
    Placed placed;
  };
  struct Outcome {
    std::optional<StartFailure> failure;
    bool in_doubt = false;  ///< the runtime may have made or started something all the same
    bool soon = false;      ///< nothing failed that takes time to mend: it is tried again soon
  };
  using Done = std::function<void(Outcome)>;
  static std::shared_ptr<StartContainer> begin(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish,
                                               Done done);
  /// The container that was made; empty before. While its hook runs it does not count as running yet.
  const std::string& id() const { return id_; }

 private:
  StartContainer(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish, Done done);
  void start();
  void cancel_parts() override;
  void image_ready(const ImagePuller::Answer& answer);
  /// An earlier life of the agent made it and died: it never ran, so its start is none of those that are
  /// counted.
  void replace_unstarted(const ContainerRecord& record, const PulledImage& image);
  void create(const PulledImage& image, int32_t restarts);
  void created(const Result<cri::v1::CreateContainerResponse>& answer);
  void started(const Result<cri::v1::StartContainerResponse>& answer);
  void seen(const Result<void>& result);
  void run_hook(const api::core::v1::LifecycleHandler& hook);
  void hook_ended(const HandlerResult& result);
  void fail(StartFailure failure, bool in_doubt = false, bool soon = false);
  void fail(const char* reason, const Error& error);
  const Container& container() const;
  Result<std::string> target_id() const;

  const Wish wish_;
  Done done_;
  std::string id_;
  std::optional<Error> start_error_;
  std::shared_ptr<StopContainer> stopping_;  ///< after a hook that failed
};

}  // namespace mizzen::kubelet
