#include "api/kinds/apps/controller_revision/controller_revision_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ControllerRevisionStrategy, DataIsAnObjectThatNeverChanges) {
  expect_created({"apps", "v1", "controllerrevisions"},
                 {{R"({"data":{"a":1},"revision":1})", {}},
                  {R"({"revision":-1})",
                   {"data: Required value: data is mandatory",
                    "revision: Invalid value: -1: must be greater than or equal to 0"}},
                  {R"({"data":[1]})", {"data: Required value: data must be a valid JSON object"}}});
  expect_updated(
      {"apps", "v1", "controllerrevisions"},
      {{R"({"data":{"a":1}})", R"({"data":{"a":2}})", {"data: Invalid value: \"\": field is immutable"}}});
}

}  // namespace
}  // namespace mizzen::api
