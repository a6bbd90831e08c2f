#pragma once
#include <optional>
#include <string>

#include "api/schema/core/v1/pod.h"
#include "base/clock.h"

namespace mizzen::hollow {

using Pod = api::core::v1::Pod;

/// How long the stages of one pod take.
struct Stages {
  Duration start = std::chrono::seconds(1);  ///< from bound to running
  Duration stop = std::chrono::seconds(1);   ///< from the wish to end to ended
  /// From running to succeeded, for pods that may end by themselves (restartPolicy not Always).
  Duration work = std::chrono::seconds(30);
};

/// When a node saw and did what, of one pod.
struct Progress {
  std::optional<Monotonic> seen;
  std::optional<Monotonic> running;
  std::optional<Monotonic> stopping;
  std::string ip;  ///< empty until it runs
};

/// What is to be done for a pod now.
struct Step {
  enum class Kind : uint8_t {
    Wait,    ///< nothing, or nothing before `again`
    Report,  ///< write `status`
    Remove,  ///< it has ended, and is to go: delete it without grace
  };
  Kind kind = Kind::Wait;
  api::core::v1::PodStatus status;
  Duration again{};  ///< >0: look again after so long
};

/// True where no container of it will run any more.
bool has_ended(const Pod& pod);

/// Decides what comes next for a pod that is bound to this node, and notes in `progress` what it began. The
/// conditions are upstream's kubelet's: Initialized, Ready, ContainersReady, PodScheduled. A pod that is to
/// go is removed once its stop stage is over, whatever it did before. Pure.
Step next_step(const Pod& pod, const std::string& host_ip, const std::string& free_ip, const Stages& stages,
               Monotonic now, WallTime wall, Progress& progress);

}  // namespace mizzen::hollow
