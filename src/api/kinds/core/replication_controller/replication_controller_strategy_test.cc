#include "api/kinds/core/replication_controller/replication_controller_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(ReplicationControllerStrategy, ChecksSelectorAndTemplate) {
  const Checked controllers("", "v1", "replicationcontrollers");
  EXPECT_EQ(
      controllers.create(
          R"({"spec":{"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"b"}},"spec":)"
          R"({"activeDeadlineSeconds":1,"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})"),
      (Lines{R"(spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always")",
             "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in "
             "ReplicationController is "
             "not Supported"}));
  EXPECT_EQ(
      controllers
          .create(
              R"({"metadata":{"labels":{"x":"y"}},"spec":{"selector":{"a":"b"},"template":{"metadata":{"labels":{"a":"-"}},"spec":)"
              R"({"containers":[{"name":"c","image":"i"}]}}}})")
          .size(),
      2u)
      << "the selector, and the label under template.labels";
}

}  // namespace
}  // namespace mizzen::api
