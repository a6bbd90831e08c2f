#pragma once
#include "kubelet/work/operations/operation.h"

namespace mizzen::kubelet {

/// What a container needs to know of its sandbox.
struct Placed {
  std::string id;
  cri::v1::PodSandboxConfig config;
  std::vector<std::string> ips;
};

/// What the runtime is told of the pod's sandbox; the same for each of its containers. Reads resolv.conf.
cri::v1::PodSandboxConfig make_sandbox_config(const NodeWorld& world, const Pod& pod, uint32_t attempt,
                                              PodDns* dns = nullptr);

/// Role: gives a pod a sandbox: control group, log folder, network. Removes what older sandboxes left that
/// could pass for the new one's. Threading, failure: see Operation; events as upstream.
class MakeSandbox final : public Operation {
 public:
  using Done = std::function<void(Result<void>)>;
  static std::shared_ptr<MakeSandbox> begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                            std::shared_ptr<const Pod> pod, RuntimePod state,
                                            uint32_t attempt, Done done);

 private:
  MakeSandbox(NodeWorld& world, std::shared_ptr<Executor> lane, std::shared_ptr<const Pod> pod,
              RuntimePod state, uint32_t attempt, Done done);
  void start();
  void remove_leftovers();
  void tell_dns_problems(const PodDns& dns);
  Result<void> prepare(cri::v1::RunPodSandboxRequest& request);
  void made(const Result<cri::v1::RunPodSandboxResponse>& answer);
  void seen(const Result<void>& result);

  const std::shared_ptr<const Pod> pod_;
  const RuntimePod state_;
  const uint32_t attempt_;
  Done done_;
};

}  // namespace mizzen::kubelet
