#include "kubelet/runtime/runtime_health.h"

#include <gtest/gtest.h>

#include "cri/testing/fake_runtime.h"

namespace mizzen::kubelet {
namespace {

TEST(RuntimeHealth, TellsWhatTheDefaultHandlerCanDo) {
  ManualClock clock;
  ThreadPool pool(real_clock(), {.name = "runtime"});
  cri::FakeRuntime runtime(clock, pool);
  cri::v1::RuntimeHandler plain, other;
  plain.features.ensure().recursive_read_only_mounts = true;
  other.name = "vm";
  other.features.ensure().user_namespaces = true;
  cri::v1::RuntimeFeatures all;
  all.supplemental_groups_policy = true;
  runtime.offer_features({plain, other}, all);
  RuntimeHealth health(runtime, clock);
  EXPECT_FALSE(health.features());
  health.ask();
  pool.stop();
  const auto features = health.features();
  ASSERT_TRUE(features);
  EXPECT_TRUE(features->groups_policy);
  EXPECT_TRUE(features->recursive_read_only);
  EXPECT_FALSE(features->user_namespaces) << "only another handler has them";
  EXPECT_EQ(features->handlers.size(), 2u);
}

}  // namespace
}  // namespace mizzen::kubelet
