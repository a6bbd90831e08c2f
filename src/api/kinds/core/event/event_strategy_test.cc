#include "api/kinds/core/event/event_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(EventStrategy, AsksMoreOfTheNewerApi) {
  const Checked events("", "v1", "events");
  const std::string old = R"({"involvedObject":{"namespace":"ns"},"reason":"R"})";
  EXPECT_EQ(events.create(old), Lines());
  EXPECT_EQ(events.create(R"({"involvedObject":{"namespace":"other"}})"),
            Lines{"involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"});
  EXPECT_EQ(events.create(R"({"involvedObject":{}})"),
            Lines{"involvedObject.namespace: Invalid value: \"\": does not match event.namespace"});
  EXPECT_EQ(events.create(R"({"metadata":{"namespace":"default"},"involvedObject":{}})"), Lines());
  EXPECT_EQ(events.create(old, "events.k8s.io/v1beta1"), Lines());
  EXPECT_EQ(events.create(old, "events.k8s.io/v1"),
            (Lines{"eventTime: Required value", "type: Invalid value: \"\": has invalid value: "}));
  const std::string full =
      R"({"involvedObject":{"namespace":"ns"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingComponent":"c","reportingInstance":"i",)"
      R"("action":"A","reason":"R","type":"Normal")";
  EXPECT_EQ(events.create(full + "}", "events.k8s.io/v1"), Lines());
  EXPECT_EQ(
      events.create(full + R"(,"count":1,"source":{"host":"h"},"series":{"count":1}})", "events.k8s.io/v1"),
      (Lines{"series.count: Invalid value: \"\": should be at least 2",
             "series.lastObservedTime: Required value", "count: Invalid value: \"\": needs to be unset",
             "source: Invalid value: \"\": needs to be unset"}));
  const std::string other = full + R"(,"message":"m"})";
  EXPECT_EQ(events.update(full + "}", other), Lines()) << "the old API lets them change";
  EXPECT_EQ(events.update(full + "}", other, "events.k8s.io/v1"),
            Lines{"message: Invalid value: \"m\": field is immutable"});
}

}  // namespace
}  // namespace mizzen::api
