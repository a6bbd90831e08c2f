#include "kubelet/stats/stats_build.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "kubelet/stats/resource_metrics.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

const WallTime kAt{std::chrono::seconds(100)};

Summary summary() {
  const Pod pod = testing::pod_of(R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a"}]}})");
  PodReadings read{.pod = pod, .started = codec::Time{90, 0}, .at = kAt};
  read.node_disk = {.bytes = 1000, .available_bytes = 600, .files = 10, .available_files = 4};
  read.image_disk = {.bytes = 2000, .available_bytes = 700};
  auto& c = read.containers.emplace_back();
  c.name = "a";
  c.started = codec::Time{95, 0};
  c.use = {.memory_bytes = 40, .working_set_bytes = 29, .memory_limit_bytes = 64, .swap_bytes = 5};
  c.cpu = CpuReading{1'500'000'000, 250'000'000};
  c.told.emplace().writable_layer.ensure().used_bytes.ensure().value = 70;
  c.logs = DiskLooks::Use{8, 2, kAt};
  read.volumes = {{"disk", DiskLooks::Use{9, 3, kAt}, {}},
                  {"memory", {}, linux::DiskSpace{.bytes = 50, .available_bytes = 20}},
                  {"unknown", {}, {}}};
  read.use = {.working_set_bytes = 30, .threads = 3};
  read.interfaces = {{"eth0", 1, 2, 3, 4}};
  Summary out;
  out.node.nodeName = "n1";
  out.node.cpu = cpu_stats({5'000'000'000, std::nullopt}, kAt);
  out.pods.push_back(pod_stats(read));
  return out;
}

TEST(StatsBuild, APodsStorageIsItsLayersLogsAndVolumesOnDisk) {
  const auto told = summary();
  const PodStats& pod = told.pods[0];
  EXPECT_EQ(pod.ephemeralStorage->usedBytes, 70u + 8 + 9);
  EXPECT_EQ(pod.ephemeralStorage->inodesUsed, 2u + 3);
  EXPECT_EQ(pod.ephemeralStorage->capacityBytes, 1000u);
  ASSERT_EQ(pod.volume.size(), 2u) << "what was not looked at yet is left out";
  EXPECT_EQ(pod.volume[1].fsStats.usedBytes, 30u);
  EXPECT_EQ(pod.containers[0].rootfs->capacityBytes, 2000u);
  EXPECT_EQ(pod.containers[0].rootfs->inodes, std::nullopt);
  EXPECT_EQ(pod.containers[0].memory->availableBytes, 35u);
}

TEST(StatsBuild, TheNamesOfTheSummaryAreUpstreams) {
  EXPECT_EQ(
      codec::to_json(summary()),
      R"({"node":{"nodeName":"n1","startTime":null,)"
      R"("cpu":{"time":"1970-01-01T00:01:40Z","usageCoreNanoSeconds":5000000000}},)"
      R"("pods":[{"podRef":{"name":"web","namespace":"default","uid":"u1"},"startTime":"1970-01-01T00:01:30Z",)"
      R"("containers":[{"name":"a","startTime":"1970-01-01T00:01:35Z",)"
      R"("cpu":{"time":"1970-01-01T00:01:40Z","usageNanoCores":250000000,"usageCoreNanoSeconds":1500000000},)"
      R"("memory":{"time":"1970-01-01T00:01:40Z","availableBytes":35,"usageBytes":40,"workingSetBytes":29},)"
      R"("rootfs":{"time":"1970-01-01T00:01:40Z","availableBytes":700,"capacityBytes":2000,"usedBytes":70,)"
      R"("inodesUsed":0},)"
      R"("logs":{"time":"1970-01-01T00:01:40Z","availableBytes":600,"capacityBytes":1000,"usedBytes":8,)"
      R"("inodesFree":4,"inodes":10,"inodesUsed":2},)"
      R"("swap":{"time":"1970-01-01T00:01:40Z","swapUsageBytes":5}}],)"
      R"("memory":{"time":"1970-01-01T00:01:40Z","workingSetBytes":30},)"
      R"("network":{"time":"1970-01-01T00:01:40Z","name":"eth0","rxBytes":1,"rxErrors":2,"txBytes":3,"txErrors":4,)"
      R"("interfaces":[{"name":"eth0","rxBytes":1,"rxErrors":2,"txBytes":3,"txErrors":4}]},)"
      R"("volume":[{"time":"1970-01-01T00:01:40Z","availableBytes":600,"capacityBytes":1000,"usedBytes":9,)"
      R"("inodesFree":4,"inodes":10,"inodesUsed":3,"name":"disk"},)"
      R"({"time":"1970-01-01T00:01:40Z","availableBytes":20,"capacityBytes":50,"usedBytes":30,"inodesUsed":0,)"
      R"("name":"memory"}],)"
      R"("ephemeral-storage":{"time":"1970-01-01T00:01:40Z","availableBytes":600,"capacityBytes":1000,)"
      R"("usedBytes":87,"inodesFree":4,"inodes":10,"inodesUsed":5},"process_stats":{"process_count":3}}]})");
}

TEST(StatsBuild, WhoAsksForProcessorsAndMemoryGetsThatAlone) {
  const Summary told = cpu_and_memory_of(summary());
  EXPECT_TRUE(told.pods.at(0).containers.at(0).cpu);
  EXPECT_FALSE(told.pods[0].containers[0].rootfs);
  EXPECT_FALSE(told.pods[0].ephemeralStorage);
  EXPECT_TRUE(told.pods[0].volume.empty());
}

TEST(StatsBuild, MetricsAreTheSameNumbers) {
  const std::string lines = resource_metrics(summary());
  const auto has = [&](const std::string& line) {
    EXPECT_NE(lines.find(line + "\n"), std::string::npos) << line << " is not in\n" << lines;
  };
  has("# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total 5 100000");
  has(R"(container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 1.5 100000)");
  has(R"(container_memory_working_set_bytes{container="a",namespace="default",pod="web"} 29 100000)");
  has(R"(container_swap_usage_bytes{container="a",namespace="default",pod="web"} 5 100000)");
  has(R"(container_start_time_seconds{container="a",namespace="default",pod="web"} 95)");
  has(R"(pod_memory_working_set_bytes{namespace="default",pod="web"} 30 100000)");
  has("resource_scrape_error 0");
  EXPECT_EQ(lines.find("node_memory_working_set_bytes"), std::string::npos) << "nothing of what is not known";
}

}  // namespace
}  // namespace mizzen::kubelet
