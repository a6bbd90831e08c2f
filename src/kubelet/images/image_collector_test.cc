#include "kubelet/images/image_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cri/testing/fake_runtime.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::minutes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr uint64_t kGi = 1ull << 30;

TEST(ImageCollector, RemovesWhatNoContainerHasOnceTheDiskIsFull) {
  testing::TestNode node;
  for (const char* name : {"nginx:latest", "unused:1", "mizzen.local/pause:1"}) node.runtime.add_image(name);
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  std::atomic<uint64_t> available = 50 * kGi;
  Guarded<std::vector<std::string>> names;
  ImageCollector collector({.runtime = node.runtime,
                            .events = node.events,
                            .clock = node.clock,
                            .disk = [&] { return ImageDisk{100 * kGi, available}; },
                            .on_images =
                                [&](const auto& images) {
                                  names.with([&](auto& n) {
                                    n.clear();
                                    for (const auto& i : images) n.push_back(i.repo_tags.at(0));
                                  });
                                }});
  std::atomic<int> told = 0;
  const auto images_after = [&](bool all) {
    for (int i = 0; i < 2; ++i) {
      const int before = told;
      if (!all) collector.tick();
      if (all) {
        collector.collect_all([&] { ++told; });
        EXPECT_TRUE(node.eventually([&] { return told > before; })) << "nobody was told";
      }
      node.settle();
    }
    collector.tick();
    node.settle();
    return names.with([](const auto& n) { return n; });
  };
  EXPECT_EQ(images_after(false).size(), 3u);
  available = 5 * kGi;
  node.clock.advance(minutes(4));
  EXPECT_EQ(images_after(false).size(), 3u) << "not every look collects";
  node.clock.advance(minutes(1));
  EXPECT_THAT(images_after(false), UnorderedElementsAre("nginx:latest", "mizzen.local/pause:1"));
  EXPECT_THAT(node.events.all(), ::testing::Not(Contains("node FreeDiskSpaceFailed")));
  node.clock.advance(minutes(5));
  images_after(false);
  EXPECT_THAT(node.events.all(), Contains("node FreeDiskSpaceFailed"))
      << "twice there was too little to free";

  node.runtime.add_image("another:1");
  EXPECT_THAT(images_after(true), Contains("another:1")) << "its container may be about to start";
  node.clock.advance(minutes(2));
  EXPECT_THAT(images_after(true), ::testing::Not(Contains("another:1")))
      << "at once where all that can go is to";

  // Who asks in the middle of a round is told after one of his own.
  const int before = told;
  node.runtime.hold("ListImages");
  collector.tick();
  collector.collect_all([&] { ++told; });
  node.settle();
  EXPECT_EQ(told, before);
  node.runtime.release("ListImages");
  EXPECT_TRUE(node.eventually([&] { return told == before + 1; }));
}

}  // namespace
}  // namespace mizzen::kubelet
