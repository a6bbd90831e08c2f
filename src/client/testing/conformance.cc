#include "client/testing/conformance.h"

#include <gtest/gtest.h>

#include <vector>

#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/service_account.h"
#include "client/testing/conformance_cases.h"

namespace mizzen::client::testing {

std::span<const ConformanceCase> conformance_cases() {
  static const std::vector<ConformanceCase> all = [] {
    std::vector<ConformanceCase> out;
    for (const auto part : {object_cases(), watch_cases()}) out.insert(out.end(), part.begin(), part.end());
    return out;
  }();
  return all;
}

void run_case(ApiUnderTest& under_test, size_t index, const std::string& ns) {
  api::core::v1::Namespace made;
  made.metadata.name = ns;
  const auto there = create(under_test.api(), made, Call());
  ASSERT_TRUE(there.ok()) << there.error().message();
  api::core::v1::ServiceAccount account;  // without one no pod is admitted
  account.metadata.namespace_ = ns;
  account.metadata.name = "default";
  ASSERT_TRUE(create(under_test.api(), account, Call()).ok());
  conformance_cases()[index].run(under_test, ns);
}

std::string conformance_name(size_t index) { return conformance_cases()[index].name; }

}  // namespace mizzen::client::testing
