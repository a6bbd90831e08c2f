#include "kubelet/decide/under_way.h"

#include <gtest/gtest.h>

#include "kubelet/testing/pod_world.h"

namespace mizzen::kubelet {
namespace {

using testing::State;
using testing::two_containers;
using testing::World;
using Names = std::vector<std::string>;

PodActions starts(Names names) {
  PodActions out;
  out.start = std::move(names);
  return out;
}

TEST(UnderWay, FirstStartsComeOneAfterTheOther) {
  const Pod pod = two_containers();
  World world(pod);
  world.sandbox();
  EXPECT_EQ(next_steps(starts({"a", "b"}), world.state, {}).actions.start, Names{"a"});
  EXPECT_EQ(next_steps(starts({"a", "b"}), world.state, {.starting = {"a"}}).actions.start, Names{});
}

TEST(UnderWay, WhatRanBeforeWaitsForNobody) {
  const Pod pod = two_containers();
  World world(pod);
  world.sandbox().container("b", State::Exited, 1);
  EXPECT_EQ(next_steps(starts({"a", "b"}), world.state, {.starting = {"a"}}).actions.start, Names{"b"});
}

TEST(UnderWay, NothingStartsThatIsBeingStopped) {
  const Pod pod = two_containers();
  World world(pod);
  world.sandbox().container("a", State::Running).container("b", State::Exited, 1);
  PodActions plan = starts({"a", "b"});
  plan.kills.push_back({"c1", "a", "failed", ContainerKill::Why::Liveness});
  auto next = next_steps(plan, world.state, {});
  EXPECT_EQ(next.actions.kills.size(), 1u);
  EXPECT_EQ(next.actions.start, Names{"b"});
  next = next_steps(plan, world.state, {.stopping = {"c1"}});
  EXPECT_TRUE(next.actions.kills.empty()) << "it is being stopped already";
  EXPECT_EQ(next.actions.start, Names{"b"});
}

TEST(UnderWay, TakingDownWaitsForWhatWasBegunAndCutsStartsOff) {
  const Pod pod = two_containers();
  World world(pod);
  world.sandbox(false);
  PodActions plan;
  plan.kill_pod = plan.create_sandbox = true;
  auto next = next_steps(plan, world.state, {.starting = {"a"}});
  EXPECT_TRUE(next.cancel_starts);
  EXPECT_FALSE(next.actions.kill_pod || next.actions.create_sandbox);
  next = next_steps(plan, world.state, {.stopping = {"c1"}});
  EXPECT_FALSE(next.cancel_starts);
  EXPECT_FALSE(next.actions.kill_pod);
  EXPECT_TRUE(next_steps(plan, world.state, {}).actions.kill_pod);
  EXPECT_FALSE(next_steps(plan, world.state, {.taking_down = true}).actions.kill_pod);
  EXPECT_FALSE(next_steps(plan, world.state, {.making_sandbox = true}).actions.create_sandbox);
}

TEST(NextSteps, OneThatFailedHoldsUpNobody) {
  const auto pod = two_containers();
  World world(pod);
  PodActions plan;
  plan.start = {"a", "b"};
  EXPECT_EQ(next_steps(plan, world.state, {.failed = {"a"}}).actions.start,
            (std::vector<std::string>{"a", "b"}))
      << "a says itself when it is tried again";
  EXPECT_EQ(next_steps(plan, world.state, {.starting = {"b"}, .failed = {"a"}}).actions.start,
            (std::vector<std::string>{"a"}));
}

TEST(NextSteps, AnEphemeralContainerIsInNobodysWay) {
  const auto pod = two_containers();
  World world(pod);
  PodActions plan;
  plan.start = {"a", "b"};
  plan.start_ephemeral = {"debug"};
  const auto both = next_steps(plan, world.state, {}).actions;
  EXPECT_EQ(both.start, (std::vector<std::string>{"a"}));
  EXPECT_EQ(both.start_ephemeral, (std::vector<std::string>{"debug"}));
  const auto pulling = next_steps(plan, world.state, {.starting = {"debug"}}).actions;
  EXPECT_EQ(pulling.start, (std::vector<std::string>{"a"})) << "its image may never come";
  EXPECT_TRUE(pulling.start_ephemeral.empty());
  EXPECT_EQ(next_steps(plan, world.state, {.starting = {"a"}}).actions.start_ephemeral,
            (std::vector<std::string>{"debug"}));
}

}  // namespace
}  // namespace mizzen::kubelet
