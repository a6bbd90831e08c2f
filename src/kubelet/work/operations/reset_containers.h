#pragma once
#include <deque>

#include "kubelet/work/operations/stop_container.h"

namespace mizzen::kubelet {

/// Role: removes the containers that a rule asked to restart together, one after the other in the order
/// given, so that an agent that dies in between goes on with it. Threading, failure: see Operation.
class ResetContainers final : public Operation {
 public:
  using Done = std::function<void(Result<void>)>;
  static std::shared_ptr<ResetContainers> begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                                std::shared_ptr<const Pod> pod, const RuntimePod& state,
                                                const std::vector<ContainerReset>& resets, Done done);

 private:
  ResetContainers(NodeWorld& world, std::shared_ptr<Executor> lane, std::shared_ptr<const Pod> pod,
                  Done done);
  void next();
  void cancel_parts() override;
  void remove(const std::string& id);

  const std::shared_ptr<const Pod> pod_;
  Done done_;
  std::shared_ptr<StopContainer> stopping_;
  std::deque<std::pair<ContainerRecord, bool>> left_;  ///< with whether it runs
};

}  // namespace mizzen::kubelet
