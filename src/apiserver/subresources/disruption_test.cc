#include "apiserver/subresources/disruption.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using api::policy::v1::PodDisruptionBudget;

PodDisruptionBudget budget(const char* json) { return *codec::from_json<PodDisruptionBudget>(json); }
Pod pod(const char* json) { return *codec::from_json<Pod>(json); }
const codec::Time kNow = *codec::parse_time("2026-01-01T00:00:00Z");

TEST(Disruption, ABudgetSaysWhyItAllowsNone) {
  struct Row {
    const char* status;
    Code code;
    const char* why;
    int32_t after;
  };
  for (
      const Row& row : {
          Row{R"({"metadata":{"name":"b","generation":2},"status":{"observedGeneration":1,"disruptionsAllowed":1}})",
              Code::TooManyRequests, "The disruption budget b is still being processed by the server.", 10},
          Row{R"({"metadata":{"name":"b"},"status":{"desiredHealthy":2,"currentHealthy":2}})",
              Code::TooManyRequests, "The disruption budget b needs 2 healthy pods and has 2 currently", 0},
          Row{R"({"metadata":{"name":"b"},"status":{"desiredHealthy":2,"currentHealthy":3}})",
              Code::TooManyRequests, "The disruption budget b does not allow evicting pods currently", 0},
          Row{R"({"metadata":{"name":"b"},"status":{"desiredHealthy":2,"currentHealthy":3,"conditions":[
               {"type":"DisruptionAllowed","status":"False","reason":"Odd","message":"so"}]}})",
              Code::TooManyRequests,
              "The disruption budget b does not allow evicting pods currently (Odd): so", 0},
          Row{R"({"metadata":{"name":"b"},"status":{"desiredHealthy":2,"conditions":[
               {"type":"DisruptionAllowed","status":"False","reason":"SyncFailed","message":"so"}]}})",
              Code::TooManyRequests,
              "The disruption budget b does not allow evicting pods currently because it failed sync: so", 0},
      }) {
    PodDisruptionBudget b = budget(row.status);
    const auto r = take_disruption(b, "p", kNow);
    ASSERT_FALSE(r.ok()) << row.status;
    EXPECT_EQ(r.error().code(), row.code);
    EXPECT_EQ(r.error().message(), "Cannot evict pod as it would violate the pod's disruption budget.");
    EXPECT_EQ(r.error().details().causes[0].message, row.why);
    EXPECT_EQ(r.error().details().causes[0].reason, "DisruptionBudget");
    EXPECT_EQ(r.error().details().retry_after_seconds, row.after);
  }
  PodDisruptionBudget broken = budget(R"({"metadata":{"name":"b"},"status":{"disruptionsAllowed":-1}})");
  EXPECT_EQ(take_disruption(broken, "p", kNow).error().message(),
            R"(poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative)");
}

TEST(Disruption, TheLastOneIsTold) {
  PodDisruptionBudget b = budget(
      R"({"metadata":{"generation":3},"status":{"observedGeneration":3,"disruptionsAllowed":2,"conditions":[
         {"type":"DisruptionAllowed","status":"True","reason":"SufficientPods"}]}})");
  ASSERT_TRUE(take_disruption(b, "p", kNow).ok());
  EXPECT_EQ(b.status.disruptionsAllowed, 1);
  EXPECT_EQ(b.status.conditions[0].status, "True");
  ASSERT_TRUE(take_disruption(b, "q", kNow).ok());
  EXPECT_EQ(b.status.disruptionsAllowed, 0);
  EXPECT_EQ(b.status.disruptedPods.size(), 2u);
  EXPECT_EQ(codec::to_json(b.status.conditions[0]),
            R"({"type":"DisruptionAllowed","status":"False","observedGeneration":3,)"
            R"("lastTransitionTime":"2026-01-01T00:00:00Z","reason":"InsufficientPods","message":""})");
}

TEST(Disruption, WhoIsNotReadyIsNotCounted) {
  const Pod sick = pod(R"({"status":{"phase":"Running"}})");
  const Pod well = pod(R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})");
  const PodDisruptionBudget always = budget(R"({"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}})");
  const PodDisruptionBudget met = budget(R"({"status":{"currentHealthy":1,"desiredHealthy":1}})");
  const PodDisruptionBudget unmet = budget(R"({"status":{"currentHealthy":1,"desiredHealthy":2}})");
  const PodDisruptionBudget empty = budget("{}");
  EXPECT_TRUE(goes_uncounted(sick, always));
  EXPECT_TRUE(goes_uncounted(sick, met));
  EXPECT_FALSE(goes_uncounted(sick, unmet));
  EXPECT_FALSE(goes_uncounted(sick, empty));
  EXPECT_FALSE(goes_uncounted(well, always));
}

TEST(Disruption, APodSaysOnceThatItIsEvicted) {
  Pod p = pod("{}");
  mark_evicted(p, kNow);
  mark_evicted(p, codec::Time{kNow.seconds + 60, 0});
  ASSERT_EQ(p.status.conditions.size(), 1u);
  EXPECT_EQ(codec::to_json(p.status.conditions[0]),
            R"({"type":"DisruptionTarget","status":"True","lastProbeTime":null,)"
            R"("lastTransitionTime":"2026-01-01T00:00:00Z","reason":"EvictionByEvictionAPI",)"
            R"("message":"Eviction API: evicting"})");
}

TEST(Disruption, ABudgetCoversWhatItSelectsInItsNamespace) {
  const Pod p = pod(R"({"metadata":{"namespace":"n","labels":{"a":"b"}}})");
  EXPECT_TRUE(
      covers(budget(R"({"metadata":{"namespace":"n"},"spec":{"selector":{"matchLabels":{"a":"b"}}}})"), p));
  EXPECT_TRUE(covers(budget(R"({"metadata":{"namespace":"n"},"spec":{"selector":{}}})"), p));
  EXPECT_FALSE(covers(budget(R"({"metadata":{"namespace":"n"},"spec":{}})"), p));
  EXPECT_FALSE(covers(budget(R"({"metadata":{"namespace":"m"},"spec":{"selector":{}}})"), p));
  EXPECT_FALSE(
      covers(budget(R"({"metadata":{"namespace":"n"},"spec":{"selector":{"matchLabels":{"a":"c"}}}})"), p));
}

TEST(Disruption, WhatEndedOrHasNotBegunNeedsNoBudget) {
  for (const char* phase : {"Pending", "Succeeded", "Failed"})
    EXPECT_TRUE(is_beyond_budgets(pod((R"({"status":{"phase":")" + std::string(phase) + R"("}})").c_str())));
  EXPECT_FALSE(is_beyond_budgets(pod(R"({"status":{"phase":"Running"}})")));
  EXPECT_TRUE(is_beyond_budgets(
      pod(R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Running"}})")));
}

}  // namespace
}  // namespace mizzen::apiserver
