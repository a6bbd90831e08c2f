#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "store/contract/store.h"

namespace mizzen::store {

/// What a suite run needs of an implementation. Made anew for each case; the store may hold other keys and
/// history already (one etcd serves all cases), so each case works under prefix().
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Store& store() = 0;
  /// Lets this much time pass for leases: advances a manual clock, or waits.
  virtual void advance(std::chrono::seconds by) = 0;
  /// Keys of this case begin with it. Unique to the case.
  virtual std::string prefix() const = 0;
};

/// One promise of the contract, as a function of GoogleTest expectations.
struct ConformanceCase {
  const char* name;
  void (*run)(StoreUnderTest&);
};

/// Every implementation must pass all of them. Use with INSTANTIATE_TEST_SUITE_P; see memory_store_test.cc.
std::span<const ConformanceCase> conformance_cases();
/// How GoogleTest shall name an instance.
std::string conformance_name(size_t index);

}  // namespace mizzen::store
