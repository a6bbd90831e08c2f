#pragma once
#include <map>

#include "kubelet/work/operations/stop_container.h"

namespace mizzen::kubelet {

/// Role: takes a pod's containers and sandboxes down within one grace period: all preStop hooks at once, then
/// the stops, sidecars after those they serve; then the sandboxes. Threading, failure: see Operation; told of
/// the first failure, after everything was tried.
class Terminator final : public Operation {
 public:
  using Done = std::function<void(Result<void>)>;
  static std::shared_ptr<Terminator> begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                           std::shared_ptr<const Pod> pod, const RuntimePod& state,
                                           int64_t grace_s, Done done);
  /// The whole pod has no more than this from now on. On the lane.
  void shorten(int64_t grace_s);
  int64_t grace_s() const { return grace_s_; }

 private:
  Terminator(NodeWorld& world, std::shared_ptr<Executor> lane, std::shared_ptr<const Pod> pod,
             int64_t grace_s, Done done);
  void start(const RuntimePod& state);
  void cancel_parts() override;
  void container_stopped(const std::string& name, const Result<void>& result);
  void give_turns();
  void stop_sandboxes();
  void sandbox_stopped(const std::string& id, const Result<cri::v1::StopPodSandboxResponse>& answer);
  void sandbox_seen(const Result<void>& result);
  void finish();

  const std::shared_ptr<const Pod> pod_;
  int64_t grace_s_;
  Done done_;
  std::vector<std::string> sandboxes_;
  std::map<std::string, std::shared_ptr<StopContainer>> open_;  ///< by container name
  size_t sandboxes_open_ = 0;
  Result<void> first_;
};

}  // namespace mizzen::kubelet
