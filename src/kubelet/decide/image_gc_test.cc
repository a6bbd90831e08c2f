#include "kubelet/decide/image_gc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kGi = 1ull << 30;

cri::v1::Image image(const std::string& id, uint64_t size, const std::string& tag = "") {
  cri::v1::Image out;
  out.id = id;
  out.size = size;
  out.repo_tags = {tag.empty() ? id + ":1" : tag};
  return out;
}

TEST(ImageGc, FreesFromTheHighMarkDownToTheLowOneTheLongestUnusedFirst) {
  const Monotonic now = Monotonic() + minutes(100);
  const auto ago = [&](int m) { return now - minutes(m); };
  std::vector<cri::v1::Image> images = {image("recent", 4 * kGi),
                                        image("old", 4 * kGi),
                                        image("never", 4 * kGi),
                                        image("young", 4 * kGi),
                                        image("used", 4 * kGi),
                                        image("pinned", 4 * kGi),
                                        image("p", 4 * kGi, "registry.k8s.io/pause:3.10"),
                                        image("unknown", 4 * kGi)};
  images[5].pinned = true;
  std::map<std::string, ImageAge> ages;
  for (const auto& i : images) ages[i.id] = {ago(90), ago(90)};
  ages["recent"].used = ago(10);
  ages["old"].used = ago(50);
  ages["never"] = {ago(60), Monotonic()};
  ages["young"] = {ago(1), Monotonic()};
  ages.erase("unknown");
  const auto plan = [&](uint64_t available, bool all = false) {
    return plan_image_gc(images, {"used"}, ages, {100 * kGi, available * kGi}, all, now);
  };
  EXPECT_THAT(plan(16).remove, IsEmpty()) << "84 % are used";
  EXPECT_THAT(plan(15).remove, ElementsAre("never", "old"));
  EXPECT_EQ(plan(15).wanted_bytes, 5 * kGi);
  EXPECT_EQ(plan(15).freed_bytes, 8 * kGi);
  EXPECT_THAT(plan(2).remove, ElementsAre("never", "old", "recent"))
      << "all that may go, and it is not enough";
  EXPECT_LT(plan(2).freed_bytes, plan(2).wanted_bytes);
  EXPECT_THAT(plan(50, true).remove, ElementsAre("never", "old", "recent")) << "under pressure";
  EXPECT_THAT(plan_image_gc(images, {"used"}, ages, {}, false, now).remove, IsEmpty()) << "nothing is known";
}

}  // namespace
}  // namespace mizzen::kubelet
