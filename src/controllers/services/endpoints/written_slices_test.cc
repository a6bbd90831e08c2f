#include "controllers/services/endpoints/written_slices.h"

#include <gtest/gtest.h>

namespace mizzen::controllers::endpoints {
namespace {

EndpointSlice slice(const std::string& uid, int64_t generation) {
  EndpointSlice out;
  out.metadata.uid = uid;
  out.metadata.generation = generation;
  return out;
}

TEST(WrittenSlices, AViewThatLacksWhatWasWrittenIsOld) {
  ManualClock clock;
  WrittenSlices written(clock);
  EXPECT_FALSE(written.newer_than("s", {}));
  written.wrote("s", slice("a", 1));
  EXPECT_TRUE(written.newer_than("s", {}));
  EXPECT_FALSE(written.newer_than("other", {}));
  EXPECT_FALSE(written.newer_than("s", {slice("a", 1)}));
  EXPECT_FALSE(written.newer_than("s", {})) << "it has been shown: now it is gone";
  written.wrote("s", slice("a", 2));
  EXPECT_TRUE(written.newer_than("s", {slice("a", 1)}));
  EXPECT_FALSE(written.newer_than("s", {slice("a", 3)}));
}

TEST(WrittenSlices, KnowsItsOwn) {
  ManualClock clock;
  WrittenSlices written(clock);
  EXPECT_FALSE(written.is_own("s", slice("a", 1)));
  written.wrote("s", slice("a", 2));
  EXPECT_TRUE(written.is_own("s", slice("a", 1)));
  EXPECT_TRUE(written.is_own("s", slice("a", 2)));
  EXPECT_FALSE(written.is_own("s", slice("a", 3)));
  EXPECT_FALSE(written.is_own("s", slice("b", 1)));
  written.removed("s", slice("a", 2));
  EXPECT_FALSE(written.is_own("s", slice("a", 2)));
}

TEST(WrittenSlices, WhatWasRemovedMustHaveGone) {
  ManualClock clock;
  WrittenSlices written(clock);
  written.removed("s", slice("a", 1));
  EXPECT_TRUE(written.newer_than("s", {slice("a", 1)}));
  EXPECT_FALSE(written.newer_than("s", {}));
}

TEST(WrittenSlices, IsNotWaitedForForEver) {
  ManualClock clock;
  WrittenSlices written(clock);
  written.wrote("s", slice("a", 1));
  written.wrote("s", slice("b", 1));
  written.gone("s", "a");
  EXPECT_TRUE(written.newer_than("s", {}));
  clock.advance(WrittenSlices::kKeep + std::chrono::seconds(1));
  EXPECT_FALSE(written.newer_than("s", {}));
}

}  // namespace
}  // namespace mizzen::controllers::endpoints
