#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "store/testing/conformance.h"

namespace mizzen::store {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  Store& store() override { return store_; }
  void advance(std::chrono::seconds by) override {
    clock_.advance(by);
    store_.maintain();
  }
  std::string prefix() const override { return "/case/"; }

 private:
  ManualClock clock_{WallTime()};
  MemoryStore store_{MemoryStore::Options{.clock = &clock_}};
};

class MemoryStoreConformance : public testing::TestWithParam<size_t> {};

TEST_P(MemoryStoreConformance, Holds) {
  MemoryUnderTest under_test;
  conformance_cases()[GetParam()].run(under_test);
}

INSTANTIATE_TEST_SUITE_P(Store, MemoryStoreConformance, testing::Range<size_t>(0, conformance_cases().size()),
                         [](const auto& info) { return conformance_name(info.param); });

}  // namespace
}  // namespace mizzen::store
