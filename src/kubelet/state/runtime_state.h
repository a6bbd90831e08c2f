#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/tables/values.h"
#include "cri/runtime.h"

namespace mizzen::kubelet {

/// How long one call to the runtime may take, as upstream's runtimeRequestTimeout.
inline constexpr Duration kRuntimeTimeout = std::chrono::minutes(2);

/// Annotations on containers in which a node keeps what it needs after a restart of its own; upstream's
/// names.
inline constexpr const char* kHashAnnotation = "io.kubernetes.container.hash";
inline constexpr const char* kRestartCountAnnotation = "io.kubernetes.container.restartCount";
inline constexpr const char* kTerminationPathAnnotation = "io.kubernetes.container.terminationMessagePath";
inline constexpr const char* kTerminationPolicyAnnotation =
    "io.kubernetes.container.terminationMessagePolicy";
inline constexpr const char* kGraceAnnotation = "io.kubernetes.pod.terminationGracePeriod";

/// One container as the runtime has it.
struct ContainerRecord {
  enum class State : uint8_t { Created, Running, Exited, Unknown };
  std::string id;
  std::string name;
  std::string sandbox_id;
  State state = State::Unknown;
  int32_t exit_code = 0;
  std::string reason;
  std::string message;
  codec::Time started;
  codec::Time finished;
  int64_t created_ns = 0;
  int32_t restart_count = 0;
  std::string hash;
  std::string image;             ///< name
  std::string image_id;          ///< digest
  std::string log_path;          ///< absolute
  std::string termination_path;  ///< on this node; empty where the container has none
  std::string termination_policy;
  friend bool operator==(const ContainerRecord&, const ContainerRecord&) = default;
};

/// One sandbox as the runtime has it.
struct SandboxRecord {
  std::string id;
  bool ready = false;
  uint32_t attempt = 0;
  int64_t created_ns = 0;
  bool host_network = false;
  std::vector<std::string> ips;
  std::string source;  ///< where the pod came from (kSourceAnnotation)
  friend bool operator==(const SandboxRecord&, const SandboxRecord&) = default;
};

/// It has to be stopped: it runs, or died by itself and still has the pod's network, host ports among it.
/// Pure.
bool holds_anything(const SandboxRecord& sandbox);

/// What the runtime has of one pod, newest first.
struct RuntimePod {
  std::string uid;
  std::string name;
  std::string namespace_;
  std::vector<SandboxRecord> sandboxes;
  std::vector<ContainerRecord> containers;

  /// The newest container of this name, or nullptr.
  const ContainerRecord* newest(const std::string& container) const;
  bool any_running() const;
  /// Where the pod came from; empty where nothing says so.
  std::string source() const { return sandboxes.empty() ? "" : sandboxes.front().source; }
  bool any_sandbox_ready() const;
  /// Something of it has to be stopped: a container or a sandbox.
  bool holds_anything() const;
};

/// What the runtime says of one, as we keep it. Pure.
SandboxRecord sandbox_record(const cri::v1::PodSandboxStatus& status);
ContainerRecord container_record(const cri::v1::ContainerStatus& status, const std::string& sandbox_id);
ContainerRecord::State container_state(int32_t state);
void sort_newest_first(RuntimePod& pod);

}  // namespace mizzen::kubelet
