#pragma once
#include <functional>

#include "async/stop.h"
#include "base/clock.h"
#include "base/result.h"
#include "cri/schema/runtime/v1/api.h"

namespace mizzen::cri {

/// Every call of the interface that a node makes: service, name on the wire, name here.
#define MZ_CRI_CALLS(X)                                                   \
  X(RuntimeService, Version, version)                                     \
  X(RuntimeService, Status, status)                                       \
  X(RuntimeService, UpdateRuntimeConfig, update_runtime_config)           \
  X(RuntimeService, RunPodSandbox, run_pod_sandbox)                       \
  X(RuntimeService, StopPodSandbox, stop_pod_sandbox)                     \
  X(RuntimeService, RemovePodSandbox, remove_pod_sandbox)                 \
  X(RuntimeService, PodSandboxStatus, pod_sandbox_status)                 \
  X(RuntimeService, ListPodSandbox, list_pod_sandbox)                     \
  X(RuntimeService, CreateContainer, create_container)                    \
  X(RuntimeService, StartContainer, start_container)                      \
  X(RuntimeService, StopContainer, stop_container)                        \
  X(RuntimeService, RemoveContainer, remove_container)                    \
  X(RuntimeService, ListContainers, list_containers)                      \
  X(RuntimeService, ContainerStatus, container_status)                    \
  X(RuntimeService, UpdateContainerResources, update_container_resources) \
  X(RuntimeService, ReopenContainerLog, reopen_container_log)             \
  X(RuntimeService, ExecSync, exec_sync)                                  \
  X(RuntimeService, Exec, exec)                                           \
  X(RuntimeService, Attach, attach)                                       \
  X(RuntimeService, PortForward, port_forward)                            \
  X(RuntimeService, ContainerStats, container_stats)                      \
  X(RuntimeService, ListContainerStats, list_container_stats)             \
  X(ImageService, ListImages, list_images)                                \
  X(ImageService, ImageStatus, image_status)                              \
  X(ImageService, PullImage, pull_image)                                  \
  X(ImageService, RemoveImage, remove_image)                              \
  X(ImageService, ImageFsInfo, image_fs_info)

/// How long a call may take, and who may end it early.
struct Call {
  Deadline deadline = Deadline::never();
  StopToken stop = {};
};
/// Told once how a call went.
template <typename T>
using Done = std::function<void(Result<T>)>;

/// A container runtime as the kubelet sees it. Implemented by Client (containerd over its socket) and by
/// FakeRuntime. No call holds a thread: `done` is told later, once, on a thread of the implementation and
/// never within the call; it must be short and must not block. Who can wait asks through blocking.h.
/// Threading: thread-safe. Failure: NotFound for unknown ids where the interface says so (stop and remove are
/// idempotent), Timeout at the deadline, Cancelled after a stop (after either the runtime may have done it,
/// or may yet), ServiceUnavailable where the runtime does not answer; messages are the runtime's own.
class Runtime {
 public:
  virtual ~Runtime() = default;
#define MZ_CRI_DECLARE(service, wire, name) \
  virtual void name(const v1::wire##Request& request, const Call& call, Done<v1::wire##Response> done) = 0;
  MZ_CRI_CALLS(MZ_CRI_DECLARE)
#undef MZ_CRI_DECLARE
};

/// Labels by which a node finds its own sandboxes and containers again after a restart. Upstream's, so that
/// other tools (crictl) read them too.
inline constexpr const char* kPodNameLabel = "io.kubernetes.pod.name";
inline constexpr const char* kPodNamespaceLabel = "io.kubernetes.pod.namespace";
inline constexpr const char* kPodUidLabel = "io.kubernetes.pod.uid";
inline constexpr const char* kContainerNameLabel = "io.kubernetes.container.name";

}  // namespace mizzen::cri
