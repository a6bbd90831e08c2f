#include "kubelet/stats/stats_manager.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "kubelet/testing/fake_gauges.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeGauges;
using testing::TestNode;

constexpr const char* kPod =
    R"({"metadata":{"name":"web"},"spec":{"volumes":[{"name":"work","emptyDir":{"sizeLimit":"1Mi"}}],
        "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never","volumeMounts":[{"name":"work","mountPath":"/w"}]}]}})";

class Stats : public ::testing::Test {
 protected:
  Stats() {
    gauges.set([&](FakeGauges::Machine& m) {
      m.use.memory_bytes = 1000;
      m.use.memory_free_bytes = 300;
      m.use.file_cache_bytes = 200;
      m.use.cpu_ns = 5'000'000'000;
      m.use.threads = 70;
      m.use.booted = WallTime(seconds(100));
      m.processes_max = 100;
      m.disks["/data"] = {
          .bytes = 10'000, .available_bytes = 4'000, .files = 50, .available_files = 20, .device = 1};
      m.disks["/images"] = {
          .bytes = 9'000, .available_bytes = 900, .files = 0, .available_files = 0, .device = 2};
      m.interfaces = {{"eth0", 1, 2, 3, 4}, {"eth1", 5, 6, 7, 8}};
    });
    cri::v1::ImageFsInfoResponse images;
    auto& one = images.image_filesystems.emplace_back();
    one.fs_id.ensure().mountpoint = "/images";
    one.used_bytes.ensure().value = 77;
    node.runtime.offer_image_disk(images);
    node.runtime.add_image("nginx:latest");
  }
  ~Stats() override { looks.stop(); }
  void run_pod() {
    node.add(kPod);
    ASSERT_TRUE(node.reaches("web", "Running"));
  }

  TestNode node;
  FakeGauges gauges;
  ThreadPool pool{real_clock(), {.name = "looks"}};
  Alarms alarms{node.clock, [] {}};
  DiskLooks looks{{pool, alarms, node.clock}};
  StatsManager stats{
      {gauges, node.runtime, node.cache(), looks, node.clock, [this] { return node.workers().pods(); },
       [this](const std::string& uid) { return node.volumes().pod_folder(uid); }},
      {"n1", "/data", node.scratch.at("logs"), "/kubepods"}};
};

TEST_F(Stats, TheNodeIsWhatItsGaugesSay) {
  const auto told = stats.read(StatsManager::Depth::Node, {});
  EXPECT_EQ(told->node.nodeName, "n1");
  EXPECT_EQ(told->node.memory->usageBytes, 700u);
  EXPECT_EQ(told->node.memory->workingSetBytes, 500u);
  EXPECT_EQ(told->node.memory->availableBytes, 500u);
  EXPECT_EQ(told->node.fs->availableBytes, 4'000u);
  EXPECT_EQ(told->node.fs->usedBytes, 6'000u);
  EXPECT_EQ(told->node.fs->inodesFree, 20u);
  EXPECT_EQ(told->node.runtime->imageFs->usedBytes, 77u);
  EXPECT_EQ(told->node.runtime->imageFs->availableBytes, 900u);
  EXPECT_EQ(told->node.runtime->imageFs->inodes, std::nullopt) << "that file system does not count them";
  EXPECT_TRUE(stats.has_image_disk());
  EXPECT_EQ(told->node.rlimit->curproc, 70);
  EXPECT_FALSE(told->node.network) << "as many interfaces as pods: only who asks for all gets them";
  const auto all = stats.read(StatsManager::Depth::All, {});
  EXPECT_EQ(all->node.network->interfaceStats.rxBytes, 1u);
  EXPECT_EQ(all->node.network->interfaces.size(), 2u);
  EXPECT_EQ(told->node.cpu->usageNanoCores, std::nullopt) << "one reading has no speed";
  EXPECT_TRUE(told->pods.empty());
}

TEST_F(Stats, TheSpeedIsThatBetweenTwoReadings) {
  (void)stats.read(StatsManager::Depth::Node, {});
  node.clock.advance(seconds(2));
  gauges.set([](FakeGauges::Machine& m) { m.use.cpu_ns += 3'000'000'000; });
  EXPECT_EQ(stats.read(StatsManager::Depth::Node, {})->node.cpu->usageNanoCores, 1'500'000'000u);
  gauges.set([](FakeGauges::Machine& m) { m.use.cpu_ns += 9'000'000'000; });
  EXPECT_EQ(stats.read(StatsManager::Depth::Node, seconds(10))->node.cpu->usageCoreNanoSeconds,
            8'000'000'000u)
      << "young enough";
}

TEST_F(Stats, APodIsItsGroupsItsFoldersAndWhatTheRuntimeSays) {
  run_pod();
  const std::string uid = node.uid_of("web");
  const std::string id = node.runtime.containers().at(0).id;
  const std::string group = "/kubepods/besteffort/pod" + uid;
  gauges.set([&](FakeGauges::Machine& m) {
    m.groups["/kubepods"] = {.working_set_bytes = 300, .memory_limit_bytes = 900};
    m.groups[group] = {.cpu_ns = 10, .memory_bytes = 40, .working_set_bytes = 30, .threads = 3};
    m.groups[group + "/" + id] = {.cpu_ns = 9, .memory_bytes = 39, .working_set_bytes = 29};
  });
  cri::v1::ListContainerStatsResponse layers;
  auto& layer = layers.stats.emplace_back();
  layer.attributes.ensure().id = id;
  layer.writable_layer.ensure().used_bytes.ensure().value = 1'000;
  node.runtime.offer_stats(layers);
  const std::string folder = node.volumes().pod_folder(uid) + "/volumes/kubernetes.io~empty-dir/work";
  ASSERT_TRUE(write_file(folder + "/file", std::string(100'000, 'x')).ok());

  stats.tick();  // the pod has a limit, so its folders are looked at
  for (int i = 0; i < 200 && !looks.last(folder); ++i) {
    StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
    node.clock.advance(milliseconds(10));
    alarms.tick();
  }
  const auto told = stats.read(StatsManager::Depth::All, {});
  ASSERT_EQ(told->node.systemContainers.size(), 1u);
  EXPECT_EQ(told->node.systemContainers[0].memory->availableBytes, 600u);
  ASSERT_EQ(told->pods.size(), 1u);
  const PodStats& pod = told->pods[0];
  EXPECT_EQ(pod.podRef.uid, uid);
  EXPECT_EQ(pod.memory->workingSetBytes, 30u);
  EXPECT_EQ(pod.processStats->processCount, 3u);
  ASSERT_EQ(pod.containers.size(), 1u);
  EXPECT_EQ(pod.containers[0].name, "a");
  EXPECT_EQ(pod.containers[0].memory->workingSetBytes, 29u);
  EXPECT_EQ(pod.containers[0].rootfs->usedBytes, 1'000u);
  EXPECT_EQ(pod.containers[0].rootfs->capacityBytes, 9'000u);
  ASSERT_EQ(pod.volume.size(), 1u);
  EXPECT_EQ(pod.volume[0].name, "work");
  EXPECT_GE(pod.volume[0].fsStats.usedBytes.value_or(0), 100'000u);
  EXPECT_GE(pod.ephemeralStorage->usedBytes.value_or(0), 101'000u);
  node.clock.advance(milliseconds(1));
  const auto shallow = stats.read(StatsManager::Depth::Folders, {});
  EXPECT_EQ(shallow->pods.at(0).memory.has_value(), false) << "only what stands in folders was wanted";
  EXPECT_EQ(shallow->pods.at(0).volume.size(), 1u);
}

TEST_F(Stats, FoldersOfPodsWithoutLimitsAreLookedAtOnlyWhereSomebodyWantsAll) {
  node.add(R"({"metadata":{"name":"web"},"spec":{"volumes":[{"name":"work","emptyDir":{}}],
        "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never","volumeMounts":[{"name":"work","mountPath":"/w"}]}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  const std::string folder =
      node.volumes().pod_folder(node.uid_of("web")) + "/volumes/kubernetes.io~empty-dir/work";
  const auto looked_at = [&] {
    stats.tick();
    for (int i = 0; i < 20 && !looks.last(folder); ++i) {
      StopToken().wait_until(Deadline::after(milliseconds(5), real_clock()));
      node.clock.advance(milliseconds(10));
      alarms.tick();
    }
    return looks.last(folder).has_value();
  };
  EXPECT_FALSE(looked_at());
  stats.want_all();
  EXPECT_TRUE(looked_at());
}

}  // namespace
}  // namespace mizzen::kubelet
