#include "apiserver/subresources/eviction.h"

#include <fmt/format.h>

#include "apiserver/testing/running_server.h"
#include "codec/json/tree.h"

namespace mizzen::apiserver::testing {
namespace {

class EvictionTest : public HttpTest {};

TEST_F(EvictionTest, IsADeletion) {
  create_pod("p");
  const std::string body = R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})";
  EXPECT_EQ(call("POST", core("pods/p/eviction"), R"({"metadata":{"name":"other"}})").status, 400);
  const Answer done = call("POST", core("pods/p/eviction"), body);
  EXPECT_EQ(done.status, 201) << done.body;
  EXPECT_EQ(call("GET", core("pods/p")).status, 404);
  EXPECT_EQ(call("POST", core("pods/p/eviction"), body).status, 404);
}

TEST_F(EvictionTest, AsksTheDisruptionBudget) {
  const std::string body = R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})";
  const std::string budgets = group("policy/v1", "poddisruptionbudgets");
  const auto budget = [&](const char* name) {
    return fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":{{"minAvailable":1,"selector":{{}}}}}})", name);
  };
  const auto set_status = [&](const char* path, const std::string& status) {
    Answer object = call("GET", path);
    ASSERT_EQ(object.status, 200);
    codec::Value value = *codec::Value::parse(object.body);
    value["status"] = *codec::Value::parse(status);
    ASSERT_EQ(call("PUT", std::string(path) + "/status", value.str()).status, 200);
  };
  create_pod("p");
  ASSERT_EQ(
      call("POST", core("pods/p/binding"), R"({"metadata":{"name":"p"},"target":{"name":"n1"}})").status,
      201);
  set_status(core("pods/p").c_str(),
             R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}]})");
  ASSERT_EQ(call("POST", budgets, budget("b")).status, 201);
  ASSERT_EQ(call("POST", budgets, budget("c")).status, 201);
  const Answer several = call("POST", core("pods/p/eviction"), body);
  EXPECT_EQ(several.status, 500);
  EXPECT_EQ(
      several.message(),
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  ASSERT_EQ(call("DELETE", budgets + "/c").status, 200);
  const Answer unknown = call("POST", core("pods/p/eviction"), body);
  EXPECT_EQ(unknown.status, 429);
  EXPECT_EQ(unknown.at("details.causes.0.message"),
            "The disruption budget b is still being processed by the server.");
  set_status(
      (budgets + "/b").c_str(),
      R"({"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2})");
  const Answer dry = call("POST", core("pods/p/eviction?dryRun=All"), body);
  EXPECT_EQ(dry.status, 201) << dry.body;
  EXPECT_EQ(call("GET", budgets + "/b").at("status.disruptionsAllowed"), "1");
  EXPECT_EQ(call("POST", core("pods/p/eviction"), body).status, 201);
  const Answer taken = call("GET", budgets + "/b");
  EXPECT_EQ(taken.at("status.disruptionsAllowed"), "0");
  EXPECT_NE(taken.at("status.disruptedPods.p"), "");
  const Answer going = call("GET", core("pods/p"));
  EXPECT_EQ(going.at("status.conditions.1.reason"), "EvictionByEvictionAPI") << going.body;
  EXPECT_NE(going.at("metadata.deletionTimestamp"), "");
}

}  // namespace
}  // namespace mizzen::apiserver::testing
