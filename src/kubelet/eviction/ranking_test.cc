#include "kubelet/eviction/ranking.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using stats::v1alpha1::PodStats;
using stats::v1alpha1::Summary;

constexpr uint64_t kMi = 1 << 20;

class Ranking : public ::testing::Test {
 protected:
  /// A pod of one container `c` and an emptyDir `d`, by what its spec says beside these.
  PodStats& add(const std::string& name, const std::string& container = "", const std::string& spec = "",
                const std::string& folder = "") {
    auto pod = std::make_shared<Pod>(testing::pod_of(fmt::format(
        R"({{"metadata":{{"name":"{0}"}},"spec":{{"volumes":[{{"name":"d","emptyDir":{{{3}}}}}],
             "containers":[{{"name":"c"{1}}}]{2}}}}})",
        name, container, spec, folder)));
    pod->metadata.uid = name;
    pods.push_back(pod);
    auto& stats = summary.pods.emplace_back();
    stats.podRef.uid = name;
    auto& c = stats.containers.emplace_back();
    c.name = "c";
    c.rootfs.ensure().usedBytes = 0;
    c.logs.ensure().usedBytes = 0;
    return stats;
  }
  void uses_memory(PodStats& stats, uint64_t bytes) {
    stats.memory.ensure().workingSetBytes = bytes;
    stats.containers[0].memory.ensure().workingSetBytes = bytes;
  }
  void uses_disk(PodStats& stats, uint64_t layer, uint64_t logs, uint64_t folder) {
    stats.containers[0].rootfs->usedBytes = layer;
    stats.containers[0].rootfs->inodesUsed = layer;
    stats.containers[0].logs->usedBytes = logs;
    stats.containers[0].logs->inodesUsed = logs;
    auto& volume = stats.volume.emplace_back();
    volume.name = "d";
    volume.fsStats.usedBytes = folder;
    volume.fsStats.inodesUsed = folder;
    stats.ephemeralStorage.ensure().usedBytes = layer + logs + folder;
  }
  std::string ranked(Signal signal, bool has_image_disk = false) {
    std::string out;
    for (const auto& pod : rank_for_eviction(pods, summary, signal, has_image_disk))
      out += (out.empty() ? "" : " ") + pod->metadata.name;
    return out;
  }
  std::string message(Signal signal, const Amount& value, int64_t available) {
    const Observations seen = {
        {signal, {codec::Quantity::of(available, codec::Quantity::Format::BinarySI), int64_t{1} << 30}}};
    return eviction_message({.signal = signal, .value = value}, seen, *pods[0], summary);
  }
  std::string excess(bool has_image_disk = false) {
    return storage_excess(*pods[0], summary.pods[0], has_image_disk);
  }

  PodList pods;
  Summary summary;
};

TEST_F(Ranking, OfMemoryIsExcessThenPriorityThenHowMuch) {
  const auto asks = [](const std::string& memory) {
    return R"(,"resources":{"requests":{"memory":")" + memory + "\"}}";
  };
  uses_memory(add("within", asks("100Mi")), 90 * kMi);
  uses_memory(add("important", asks("10Mi"), R"(,"priority":1000)"), 500 * kMi);
  uses_memory(add("little", asks("10Mi")), 20 * kMi);
  uses_memory(add("much"), 60 * kMi);
  pods.push_back(std::make_shared<Pod>(testing::pod_of(R"({"metadata":{"name":"unknown"},"spec":{}})")));
  EXPECT_EQ(ranked(Signal::MemoryAvailable), "unknown much little important within");
  EXPECT_EQ(ranked(Signal::AllocatableMemoryAvailable), "unknown much little important within");
}

TEST_F(Ranking, OfADiskIsByWhatStandsOnIt) {
  uses_disk(add("layers"), 300, 1, 1);
  uses_disk(add("logs"), 1, 200, 1);
  uses_disk(add("folders"), 1, 1, 250);
  uses_disk(add("asked", R"(,"resources":{"requests":{"ephemeral-storage":"1Gi"}})"), 900, 900, 900);
  EXPECT_EQ(ranked(Signal::NodeFsAvailable), "layers folders logs asked");
  EXPECT_EQ(ranked(Signal::ImageFsAvailable), "layers folders logs asked");
  EXPECT_EQ(ranked(Signal::NodeFsAvailable, true), "folders logs layers asked");
  EXPECT_EQ(ranked(Signal::ImageFsAvailable, true), "layers logs folders asked");
  EXPECT_EQ(ranked(Signal::NodeFsInodesFree), "asked layers folders logs") << "nobody asks for inodes";
}

TEST_F(Ranking, OfProcessesIsByPriorityThenNumber) {
  add("few").processStats.ensure().processCount = 3;
  add("many").processStats.ensure().processCount = 30;
  add("important", "", R"(,"priority":1)").processStats.ensure().processCount = 300;
  EXPECT_EQ(ranked(Signal::PidAvailable), "many few important");
}

TEST_F(Ranking, SaysWhyAPodGoes) {
  auto& stats = add("web", R"(,"resources":{"requests":{"memory":"10Mi"}})");
  uses_memory(stats, 20 * kMi);
  uses_disk(stats, 3000, 1096, 0);
  EXPECT_EQ(message(Signal::MemoryAvailable, {*codec::Quantity::parse("100Mi"), 0}, 50 << 20),
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
            "Container c was using 20Mi, request is 10Mi, has larger consumption of memory. ");
  EXPECT_EQ(message(Signal::NodeFsAvailable, {std::nullopt, 0.5F}, 1 << 20),
            "The node was low on resource: ephemeral-storage. Threshold quantity: 512Mi, available: 1Mi. "
            "Container c was using 4Ki, request is 0, has larger consumption of ephemeral-storage. ");
  EXPECT_EQ(message(Signal::NodeFsInodesFree, {std::nullopt, 0.5F}, 7),
            "The node was low on resource: inodes. Threshold quantity: 512Mi, available: 7. ");
  summary.pods.clear();
  EXPECT_EQ(message(Signal::MemoryAvailable, {*codec::Quantity::parse("100Mi"), 0}, 50 << 20),
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ");
}

TEST_F(Ranking, APodIsOverItsLimitsOfStorage) {
  auto& stats =
      add("web", R"(,"resources":{"limits":{"ephemeral-storage":"3Ki"}})", "", R"("sizeLimit":"1Ki")");
  uses_disk(stats, 0, 0, 1024);
  EXPECT_EQ(excess(), "") << "just enough";
  stats.volume[0].fsStats.usedBytes = 1025;
  EXPECT_EQ(excess(), "Usage of EmptyDir volume \"d\" exceeds the limit \"1Ki\". ");
  stats.volume[0].fsStats.usedBytes = 0;
  stats.ephemeralStorage->usedBytes = 3073;
  EXPECT_EQ(excess(), "Pod ephemeral local storage usage exceeds the total limit of containers 3Ki. ");
  stats.ephemeralStorage->usedBytes = 0;
  stats.containers[0].rootfs->usedBytes = 3000;
  stats.containers[0].logs->usedBytes = 73;
  EXPECT_EQ(excess(), "Container c exceeded its local ephemeral storage limit \"3Ki\". ");
  EXPECT_EQ(excess(true), "") << "its layer stands on the disk of the images";
}

TEST_F(Ranking, APodWithoutLimitsMayStoreWhatThereIs) {
  uses_disk(add("web"), 1 << 30, 1 << 30, 1 << 30);
  EXPECT_EQ(excess(), "");
  EXPECT_FALSE(limits_containers_storage(*pods[0]));
}

}  // namespace
}  // namespace mizzen::kubelet
