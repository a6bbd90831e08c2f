#include "api/checks/object_meta_checks.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ObjectMetaChecks, ServiceAccountsHaveNothingElse) {
  expect_created(
      {"", "v1", "serviceaccounts"},
      {{R"({"metadata":{"name":"A","labels":{"a b":"c"}}})",
        {"metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case "
         "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
         "'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
         "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', "
         "'_' "
         "or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
         "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"}}});
}

}  // namespace
}  // namespace mizzen::api
