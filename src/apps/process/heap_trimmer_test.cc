#include "apps/process/heap_trimmer.h"

#include <gtest/gtest.h>

namespace mizzen::apps {
namespace {

constexpr size_t kMiB = 1u << 20;

TEST(HeapTrimmer, MuchThatStaysFreeGoesBack) {
  EXPECT_TRUE(worth_trimming({40 * kMiB, 300 * kMiB}, {40 * kMiB, 300 * kMiB}));
  EXPECT_TRUE(worth_trimming({100 * kMiB, 90 * kMiB}, {90 * kMiB, 100 * kMiB}));
  EXPECT_FALSE(worth_trimming({40 * kMiB, 10 * kMiB}, {40 * kMiB, 10 * kMiB})) << "little";
  EXPECT_FALSE(worth_trimming({900 * kMiB, 100 * kMiB}, {900 * kMiB, 100 * kMiB}))
      << "little beside the rest";
  EXPECT_FALSE(worth_trimming({340 * kMiB, 0}, {40 * kMiB, 300 * kMiB})) << "it has only just become free";
}

}  // namespace
}  // namespace mizzen::apps
