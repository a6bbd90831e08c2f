#include "kubelet/eviction/thresholds.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// signal below what of 1000, grace, what is to be reclaimed.
std::vector<std::string> shown(const EvictionFlags& flags) {
  const auto config = parse_eviction(flags);
  EXPECT_TRUE(config.ok()) << config.error().message();
  std::vector<std::string> out;
  for (const auto& t : config->thresholds) {
    out.push_back(fmt::format("{}<{}", signal_name(t.signal), t.value.of(1000).text()));
    if (!t.is_hard()) out.back() += fmt::format(" for {}s", t.grace / std::chrono::seconds(1));
    if (t.min_reclaim) out.back() += " and " + t.min_reclaim->of(1000).text();
  }
  return out;
}
std::string refused(const EvictionFlags& flags) {
  const auto config = parse_eviction(flags);
  return config.ok() ? "" : config.error().message();
}

TEST(Thresholds, AreUpstreamsWhereNobodySaysOtherwise) {
  EXPECT_THAT(shown({}), ElementsAre("memory.available<100Mi", "nodefs.available<100", "nodefs.inodesFree<50",
                                     "imagefs.available<150", "imagefs.inodesFree<50",
                                     "allocatableMemory.available<100Mi"));
}

TEST(Thresholds, AreReadFromUpstreamsFlags) {
  EXPECT_THAT(shown({.hard = "memory.available<1Gi, pid.available<10%,,containerfs.available<1%",
                     .soft = "memory.available<2Gi,nodefs.available<0%",
                     .soft_grace_period = "memory.available=1m30s",
                     .minimum_reclaim = "memory.available=5Mi,pid.available=1%"}),
              ElementsAre("memory.available<1Gi and 5Mi", "pid.available<100 and 9",
                          "memory.available<2Gi for 90s and 5Mi", "allocatableMemory.available<1Gi and 5Mi"));
  EXPECT_THAT(shown({.hard = ""}), IsEmpty()) << "nothing is evicted";
  EXPECT_THAT(shown({.hard = "nodefs.available<5%,nodefs.available<7%"}), ElementsAre("nodefs.available<70"));
}

TEST(Thresholds, WhatMakesNoSenseIsRefused) {
  EXPECT_EQ(refused({.hard = "memory.free<1Gi"}), "unsupported eviction signal memory.free");
  EXPECT_EQ(refused({.hard = "memory.available=1Gi"}), "malformed pair, expect string<string");
  EXPECT_EQ(refused({.hard = "memory.available<-1"}),
            "eviction threshold memory.available must be positive: -1");
  EXPECT_EQ(refused({.hard = "memory.available<0"}),
            "eviction threshold memory.available must be positive: 0");
  EXPECT_EQ(refused({.hard = "nodefs.available<101%"}),
            "eviction percentage threshold nodefs.available must be <= 100%: 101%");
  EXPECT_EQ(refused({.hard = "nodefs.available<-3%"}),
            "eviction percentage threshold nodefs.available must be >= 0%: -3%");
  EXPECT_EQ(refused({.hard = "nodefs.available<5%<6%"}),
            "strconv.ParseFloat: parsing \"5%<6\": invalid syntax");
  EXPECT_EQ(refused({.hard = "nodefs.available<0x10%"}),
            "strconv.ParseFloat: parsing \"0x10\": invalid syntax");
  EXPECT_EQ(refused({.hard = "nodefs.available<x%"}), "strconv.ParseFloat: parsing \"x\": invalid syntax");
  EXPECT_EQ(refused({.soft = "memory.available<1Gi"}),
            "grace period must be specified for the soft eviction threshold memory.available");
  EXPECT_EQ(refused({.soft = "memory.available<1Gi", .soft_grace_period = "memory.available=-1s"}),
            "invalid eviction grace period specified: -1s, must be a positive value");
  EXPECT_EQ(refused({.minimum_reclaim = "memory.available=-1"}),
            "negative eviction minimum reclaim specified for memory.available");
  EXPECT_EQ(refused({.minimum_reclaim = "memory.available=0%"}),
            "eviction percentage minimum reclaim memory.available must be positive: 0%");
  EXPECT_NE(refused({.hard = "memory.available<much"}), "");
}

TEST(Thresholds, WhatTheHardOnesKeepIsNotGivenToPods) {
  const auto config = parse_eviction({});
  EXPECT_EQ(config->kept(Signal::MemoryAvailable, 1'000'000'000), 100 << 20);
  EXPECT_EQ(config->kept(Signal::NodeFsAvailable, 1'000'000), 100'000);
  EXPECT_EQ(config->kept(Signal::PidAvailable, 1'000'000), 0);
}

}  // namespace
}  // namespace mizzen::kubelet
