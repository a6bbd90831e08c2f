#include "api/v1beta1/convert.h"

#include <gtest/gtest.h>

#include "api/v1beta1/testing/round_trip.h"
#include "codec/json/json_codec.h"

namespace mizzen::api::v1beta1 {
namespace {

using codec::Value;

TEST(V1Beta1, ListsAndBareManifestsBecomeLists) {
  const Value minions = round_trip(R"({"kind": "MinionList", "apiVersion": "v1beta1", "resourceVersion": 4,
    "minions": [{"id": "m"}]})");
  EXPECT_EQ(minions.find("kind")->text(), "NodeList");
  EXPECT_EQ(minions.find("items")->items()[0].find("kind")->text(), "Node");

  const auto one =
      to_v1(value(R"({"version": "v1beta1", "id": "web", "uuid": "u", "restartPolicy": {"always": {}},
    "volumes": [{"name": "v"}], "containers": [{"name": "c", "image": "i"}]})"));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->object, value(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "uid": "u"},
    "spec": {"restartPolicy": "Always", "volumes": [{"name": "v"}], "containers": [{"name": "c", "image": "i"}]}})"));
  const auto several =
      to_v1(value(R"([{"version": "v1beta1", "id": "a"}, {"version": "v1beta2", "id": "b"}])"));
  ASSERT_TRUE(several.ok());
  EXPECT_EQ(several->object.find("kind")->text(), "PodList");
  EXPECT_EQ(several->object.find("items")->items().size(), 2u);
  const auto mixed = to_v1(value(R"({"kind": "List", "apiVersion": "v1beta1", "items": [
    {"kind": "Pod", "id": "p"}, {"kind": "Service", "id": "s", "port": 1}]})"));
  ASSERT_TRUE(mixed.ok());
  EXPECT_EQ(mixed->object.find("items")->items()[1].find("kind")->text(), "Service");
}

TEST(V1Beta1, AnUpdateTakesNothingAwayThatItCannotShow) {
  const Value stored =
      value(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"},
      "finalizers": ["x"]},
    "spec": {"tolerations": [{"key": "t"}], "containers": [{"name": "c", "image": "i", "stdin": true}]}})");
  const auto old = from_v1(stored);
  ASSERT_TRUE(old.ok());
  const auto shown = to_v1(*old);
  Value changed = *old;
  changed["labels"] = value(R"({"a": "z"})");
  const auto wanted = to_v1(changed);
  ASSERT_TRUE(shown.ok() && wanted.ok());
  const Value now = updated(stored, shown->object, wanted->object);
  Value expected = stored;
  expected["metadata"]["labels"]["a"] = Value::string("z");
  EXPECT_EQ(now, expected) << now.str();
}

TEST(V1Beta1, WhatIsNewIsNotOld) {
  EXPECT_FALSE(is_old(value(R"({"apiVersion": "v1", "kind": "Pod"})")));
  EXPECT_FALSE(is_old(value(R"({"apiVersion": "apps/v1beta1", "kind": "Deployment"})")));
  EXPECT_FALSE(is_old(value("[]")));
  EXPECT_FALSE(is_old(value("3")));
}

}  // namespace
}  // namespace mizzen::api::v1beta1
