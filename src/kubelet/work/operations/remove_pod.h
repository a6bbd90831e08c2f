#pragma once
#include "kubelet/work/operations/operation.h"

namespace mizzen::kubelet {

/// Role: removes the sandboxes, containers and logs of a pod that is gone from its source. Threading,
/// failure: see Operation; told of the first failure, after everything was tried.
class RemovePod final : public Operation {
 public:
  using Done = std::function<void(Result<void>)>;
  static std::shared_ptr<RemovePod> begin(NodeWorld& world, std::shared_ptr<Executor> lane, RuntimePod state,
                                          Done done);

 private:
  RemovePod(NodeWorld& world, std::shared_ptr<Executor> lane, RuntimePod state, Done done);
  void start();
  void stop(const std::string& id);
  void remove(const std::string& id);
  void removed(const std::string& id, const Result<void>& result);
  void finish();

  const RuntimePod state_;
  Done done_;
  size_t open_ = 0;
  Result<void> first_;
};

}  // namespace mizzen::kubelet
