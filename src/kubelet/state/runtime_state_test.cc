#include "kubelet/state/runtime_state.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using State = ContainerRecord::State;

State state_after(const std::string& reason, const std::string& message) {
  cri::v1::ContainerStatus status;
  status.state = cri::v1::ContainerState::CONTAINER_EXITED;
  status.exit_code = 128;
  status.reason = reason;
  status.message = message;
  return container_record(status, "s").state;
}

TEST(RuntimeState, AStartThatTheAgentsEndCutOffBeforeAnythingRanIsStillToCome) {
  EXPECT_EQ(
      state_after("StartError",
                  "failed to create containerd task: failed to create shim task: context canceled: unknown"),
      State::Created);
  EXPECT_EQ(state_after("StartError", "failed to start containerd task \"c\": context canceled: unknown"),
            State::Exited)
      << "its program may have run";
  EXPECT_EQ(
      state_after("StartError",
                  "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
                  "exec: \"nothing\": executable file not found in $PATH: unknown"),
      State::Exited);
  EXPECT_EQ(state_after("Error", "context canceled"), State::Exited);
}

}  // namespace
}  // namespace mizzen::kubelet
