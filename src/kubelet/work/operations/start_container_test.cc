#include "kubelet/work/operations/start_container.h"

#include <gtest/gtest.h>

#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using testing::TestNode;

const char* kPod =
    R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})";

TEST(StartContainer, WhatFailedBecauseTheRuntimeWasAwayIsTriedAgainSoon) {
  for (const char* call : {"ImageStatus", "CreateContainer", "StartContainer", "RunPodSandbox"}) {
    SCOPED_TRACE(call);
    TestNode node;
    node.runtime.add_image("nginx:latest");
    node.runtime.fail_next(call, Error(Code::ServiceUnavailable, "connection refused"));
    const auto before = node.clock.monotonic();
    node.add(kPod);
    EXPECT_TRUE(node.eventually([&] {
      node.clock.advance(std::chrono::milliseconds(10));
      return node.phase_of("web") == "Running" || node.clock.monotonic() - before > seconds(4);
    }));
    EXPECT_EQ(node.phase_of("web"), "Running");
    EXPECT_EQ(node.stored("web").status.containerStatuses.at(0).restartCount, 0);
  }
}

TEST(StartContainer, AContainerThatIsBeingStartedForADeadAgentIsLetBegin) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.lose_answer("CreateContainer", Error(Code::ServiceUnavailable, "connection reset"));
  node.runtime.fail_next("RemoveContainer",
                         Error(Code::Unknown, "container is in starting state, can't be removed"));
  node.add(kPod);
  const auto before = node.clock.monotonic();
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(10));
    return node.phase_of("web") == "Running" || node.clock.monotonic() - before > seconds(6);
  }));
  EXPECT_EQ(node.phase_of("web"), "Running");
  EXPECT_EQ(node.stored("web").status.containerStatuses.at(0).restartCount, 0);
  EXPECT_EQ(node.runtime.containers().size(), 1u);
}

}  // namespace
}  // namespace mizzen::kubelet
