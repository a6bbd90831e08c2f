#include "apiserver/cache/change_ring.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"

namespace mizzen::apiserver {
namespace {

using namespace std::chrono_literals;

class ChangeRingTest : public testing::Test {
 protected:
  ChangePtr change(int64_t revision, size_t bytes = 10) {
    api::core::v1::ConfigMap c;
    c.metadata.name = "c";
    c.metadata.namespace_ = "n";
    c.data.set("k", std::string(bytes, 'x'));
    auto entry = Entry::encode(home_, "n/c", revision, Object::of(std::move(c)));
    return std::make_shared<Change>(ChangeType::Modified, entry, nullptr, revision);
  }
  static std::vector<int64_t> revisions(const ChangeRing& ring, int64_t after, size_t max = 1000) {
    std::vector<ChangePtr> read;
    ring.read(after, max, read);
    std::vector<int64_t> out;
    for (const ChangePtr& c : read) out.push_back(c->revision());
    return out;
  }

  const api::ResourceInfo& resource_ = api::resource_of<api::core::v1::ConfigMap>();
  const CompanionsPtr companions_ = std::make_shared<Companions>(1 << 20);
  const EntryHomePtr home_ = std::make_shared<EntryHome>(resource_, companions_);
  Monotonic now_{1h};
};

TEST_F(ChangeRingTest, ReadsWhatFollowsARevision) {
  ChangeRing ring({});
  ring.restart(10);
  for (int64_t r : {12, 15, 20}) ring.push(change(r), now_);
  EXPECT_EQ(revisions(ring, 10), (std::vector<int64_t>{12, 15, 20}));
  EXPECT_EQ(revisions(ring, 13), (std::vector<int64_t>{15, 20}));
  EXPECT_EQ(revisions(ring, 20), (std::vector<int64_t>{}));
  EXPECT_EQ(revisions(ring, 10, 2), (std::vector<int64_t>{12, 15}));
}

TEST_F(ChangeRingTest, APieceEndsWithAWholeRevision) {
  ChangeRing ring({});
  ring.restart(0);
  for (int64_t r : {1, 2, 2, 2, 3}) ring.push(change(r), now_);
  EXPECT_EQ(revisions(ring, 0, 2), (std::vector<int64_t>{1, 2, 2, 2}));
}

TEST_F(ChangeRingTest, OldChangesGoButForTheNewest) {
  ChangeRing ring({.keep = 75s});
  ring.restart(0);
  for (int64_t r = 1; r <= 1000; ++r) ring.push(change(r), now_);
  EXPECT_EQ(ring.size(), 1000u);
  ring.expire(now_ + 75s);
  EXPECT_EQ(ring.size(), 1000u) << "75 seconds are promised";
  ring.expire(now_ + 76s);
  EXPECT_EQ(ring.size(), ChangeRing::kCountMin);
  EXPECT_EQ(ring.reaches_back_to(), 1000 - static_cast<int64_t>(ChangeRing::kCountMin));
}

TEST_F(ChangeRingTest, NeverHoldsMoreBytesThanItMay) {
  ChangeRing ring({.bytes_max = 100'000});
  ring.restart(0);
  for (int64_t r = 1; r <= 1000; ++r) ring.push(change(r, 1000), now_);
  EXPECT_LE(ring.bytes(), 100'000u);
  EXPECT_GT(ring.bytes(), 90'000u);
  EXPECT_EQ(revisions(ring, ring.reaches_back_to()).size(), ring.size());
}

TEST_F(ChangeRingTest, ChangesOfOneRevisionGoTogether) {
  ChangeRing ring({.bytes_max = 20'000});
  ring.restart(0);
  for (int i = 0; i < 10; ++i) ring.push(change(1, 1000), now_);
  for (int i = 0; i < 10; ++i) ring.push(change(2, 1000), now_);
  EXPECT_EQ(ring.reaches_back_to(), 1) << "half of a revision would be a gap";
  for (int64_t r : revisions(ring, 1)) EXPECT_EQ(r, 2);
}

TEST_F(ChangeRingTest, LateFramesAreNotKept) {
  ChangeRing ring({});
  ring.restart(0);
  const ChangePtr first = change(1);
  ring.push(first, now_);
  int made = 0;
  const auto encode = [&] { return http::Slice(fmt::format("{}", ++made)); };
  EXPECT_EQ(first->frame(1, encode).view(), "1");
  EXPECT_EQ(first->frame(1, encode).view(), "1") << "shared by all who want the same form";
  EXPECT_EQ(first->frame(2, encode).view(), "2");
  for (int64_t r = 2; r < 2 + static_cast<int64_t>(ChangeRing::kFramesKept); ++r) ring.push(change(r), now_);
  EXPECT_EQ(first->frame(1, encode).view(), "3");
}

TEST_F(ChangeRingTest, RestartForgets) {
  ChangeRing ring({});
  ring.restart(5);
  ring.push(change(6), now_);
  ring.restart(9);
  EXPECT_EQ(ring.reaches_back_to(), 9);
  EXPECT_EQ(ring.bytes(), 0u);
  EXPECT_EQ(revisions(ring, 9), (std::vector<int64_t>{}));
}

}  // namespace
}  // namespace mizzen::apiserver
