#include "kubelet/status/last_status.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::kubelet {
namespace {

/// Each container's state in the last status, in their order: "W" waits, "R" runs, "U" is unknown, else the
/// exit code; init containers first.
std::string states(const std::string& spec, const std::string& status) {
  const Pod pod = *codec::from_json<Pod>(R"({"spec":{)" + spec + R"(},"status":{)" + status + "}}");
  const auto last = last_status(pod, pod.status);
  std::string out;
  for (const auto* list : {&last.initContainerStatuses, &last.containerStatuses})
    for (const auto& c : *list) {
      if (!out.empty()) out += ' ';
      if (c.state.terminated)
        out += c.state.terminated->reason == "ContainerStatusUnknown"
                   ? "U"
                   : std::to_string(c.state.terminated->exitCode);
      else
        out += c.state.running ? "R" : "W";
    }
  return out;
}

const std::string kOne = R"("containers":[{"name":"a"}])";
const std::string kInits = R"("initContainers":[{"name":"i"},{"name":"j"}],)" + kOne;
const std::string kSidecar = R"("initContainers":[{"name":"i","restartPolicy":"Always"}],)" + kOne;
const std::string kWaits = R"({"name":"a","state":{"waiting":{"reason":"ErrImagePull"}}})";

TEST(LastStatus, NobodyWaitsOnceThePodIsOver) {
  EXPECT_EQ(states(kOne, R"("containerStatuses":[)" + kWaits + "]"), "U");
  EXPECT_EQ(states(kOne, R"("containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":3}}}])"), "3");
  EXPECT_EQ(states(kSidecar, R"("initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":
    "CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}],
    "containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0}}}])"),
            "U 0");
}

TEST(LastStatus, AnUninitializedPodsContainersNeverCameSoFar) {
  const std::string waiting = R"("state":{"waiting":{"reason":"PodInitializing"}}})";
  EXPECT_EQ(states(kInits, R"("initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":1}}},
    {"name":"j",)" + waiting + R"(],"containerStatuses":[{"name":"a",)" +
                               waiting + "]"),
            "1 W W");
  EXPECT_EQ(states(kInits, R"("initContainerStatuses":[{"name":"i",)" + waiting + R"(,{"name":"j",)" +
                               waiting + R"(],"containerStatuses":[{"name":"a",)" + waiting + "]"),
            "U W W")
      << "the first one in any case";
  EXPECT_EQ(states(kInits, R"("initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},
    {"name":"j","state":{"terminated":{"exitCode":0}}}],"containerStatuses":[)" +
                               kWaits + "]"),
            "0 0 U");
}

TEST(LastStatus, WhatIsEndedIsToldInUpstreamsWords) {
  const Pod pod =
      *codec::from_json<Pod>(R"({"spec":{)" + kOne + R"(},"status":{"containerStatuses":[)" + kWaits + "]}}");
  const auto ended = *last_status(pod, pod.status).containerStatuses[0].state.terminated;
  EXPECT_EQ(ended.exitCode, 137);
  EXPECT_EQ(ended.message, "The container could not be located when the pod was terminated");
}

}  // namespace
}  // namespace mizzen::kubelet
