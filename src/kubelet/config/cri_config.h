#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "cri/runtime.h"
#include "kubelet/config/environment.h"
#include "kubelet/config/name_resolution.h"
#include "kubelet/config/resources.h"

namespace mizzen::kubelet {

/// Pure: what the runtime is told about a pod.
struct SandboxConfigInput {
  const Pod& pod;
  uint32_t attempt = 0;
  const ResolvConf& dns;
  std::string log_folder;
  std::string cgroup_parent;
  std::string cluster_domain = {};
};
cri::v1::PodSandboxConfig sandbox_config(const SandboxConfigInput& input);

/// A mount of a container, resolved to a path of this node.
struct ReadyMount {
  std::string host_path;
  std::string container_path;
  bool read_only = false;
  std::string propagation;  ///< None, HostToContainer, Bidirectional
  bool recursive_read_only = false;
};

/// Pure: what the runtime is told about a container.
struct ContainerConfigInput {
  const Pod& pod;
  const Container& container;
  int32_t restart_count = 0;
  std::string image_ref;  ///< what the image was resolved to
  const cri::v1::Image& image;
  const std::vector<Variable>& environment;
  const std::vector<ReadyMount>& mounts;
  int64_t node_memory_bytes = 0;
  std::string seccomp_folder;
  std::vector<uint64_t> huge_pages = {};  ///< sizes this kernel has
  std::string target_id = {};             ///< the container whose processes an ephemeral one sees
};
/// BadRequest (CreateContainerConfigError) where runAsNonRoot is broken.
Result<cri::v1::ContainerConfig> container_config(const ContainerConfigInput& input);

/// /var/log/pods/NAMESPACE_NAME_UID below `logs_folder`.
std::string pod_log_folder(const std::string& logs_folder, const std::string& namespace_,
                           const std::string& name, const std::string& uid);

}  // namespace mizzen::kubelet
