#pragma once
#include <span>
#include <string>

#include "async/runtime.h"
#include "client/api/api_client.h"

namespace mizzen::client::testing {

/// What a run of the suite needs of an implementation: an API that serves the built-in kinds, may do anything
/// there, and runs no controllers.
class ApiUnderTest {
 public:
  virtual ~ApiUnderTest() = default;
  virtual ApiClient& api() = 0;
  virtual Runtime runtime() = 0;
  /// Forgets the history up to now, so that older versions are too old.
  virtual void compact() = 0;
};

/// One promise of ApiClient, as a function of GoogleTest expectations. `ns` is a namespace of its own.
struct ConformanceCase {
  const char* name;
  void (*run)(ApiUnderTest& under_test, const std::string& ns);
};

/// Every implementation must pass all of them. Use with INSTANTIATE_TEST_SUITE_P; run_case() makes the
/// namespace `ns`.
std::span<const ConformanceCase> conformance_cases();
void run_case(ApiUnderTest& under_test, size_t index, const std::string& ns);
std::string conformance_name(size_t index);

}  // namespace mizzen::client::testing
