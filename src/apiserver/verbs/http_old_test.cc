// The first API, over HTTP.
#include <fmt/format.h>

#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpOld : public HttpTest {};

std::string old(const std::string& path) { return "/api/v1beta1/" + path; }

// S2.31, S2.32
TEST_F(HttpOld, ThePodOfTheFoundingTextsIsMadeReadChangedAndDeleted) {
  const std::string text = R"({"id": "podtest", "kind": "Pod", "apiVersion": "v1beta1",
    "desiredState": {"manifest": {"version": "v1beta1", "id": "redis-master", "containers": [
      {"name": "master1", "image": "10.10.103.215:5000/redis", "cpu": 100,
       "ports": [{"containerPort": 6379, "hostPort": 6388}]},
      {"name": "master2", "image": "10.10.103.215:5000/sshd", "cpu": 100,
       "ports": [{"containerPort": 22, "hostPort": 8888}]}]}},
    "labels": {"name": "redis-master"}})";
  const Answer made = call("POST", old("pods?namespace=" + ns_), text);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("apiVersion"), "v1beta1");
  EXPECT_EQ(made.at("id"), "podtest");
  EXPECT_EQ(made.at("desiredState.manifest.id"), "redis-master");
  EXPECT_EQ(made.at("labels.name"), "redis-master");
  EXPECT_EQ(made.count("desiredState.manifest.containers"), 2u);

  const Answer now = call("GET", core("pods/podtest"));
  ASSERT_EQ(now.status, 200);
  EXPECT_EQ(now.at("apiVersion"), "v1");
  EXPECT_NE(now.body.find(R"("requests":{"cpu":"100m"})"), std::string::npos) << now.body;
  EXPECT_NE(now.body.find(R"("hostPort":8888)"), std::string::npos) << now.body;

  const Answer read = call("GET", old("pods/podtest?namespace=" + ns_));
  EXPECT_EQ(read.status, 200);
  EXPECT_NE(read.body.find(R"("cpu":100)"), std::string::npos) << read.body;
  const Answer list = call("GET", old("pods?labels=name%3Dredis-master&namespace=" + ns_));
  EXPECT_EQ(list.status, 200) << list.body;
  EXPECT_EQ(list.at("kind"), "PodList");
  EXPECT_EQ(list.count("items"), 1u);
  EXPECT_EQ(call("GET", old("pods?labels=name%3Dother")).count("items"), 0u);

  std::string changed = read.body;
  changed.replace(changed.find(R"("labels":{"name":"redis-master"})"), 32,
                  R"("labels":{"name":"redis-slave"})");
  const Answer put = call("PUT", old("pods/podtest?namespace=" + ns_), changed);
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.at("labels.name"), "redis-slave");
  EXPECT_EQ(call("GET", core("pods/podtest")).count("spec.tolerations"), now.count("spec.tolerations"))
      << "what v1beta1 cannot show stays";
  EXPECT_EQ(call("PUT", old("pods/none?namespace=" + ns_), changed).status, 404);

  EXPECT_EQ(call("DELETE", old("pods/podtest?namespace=" + ns_),
                 R"({"kind":"DeleteOptions","apiVersion":"v1beta1","gracePeriodSeconds":0})")
                .status,
            200);
  EXPECT_EQ(call("GET", old("pods/podtest?namespace=" + ns_)).status, 404);
}

// S2.33
TEST_F(HttpOld, ItsOtherKindsAreMadeToo) {
  const Answer rc = call("POST", old("replicationControllers?namespace=default"),
                         R"({"kind":"ReplicationController","apiVersion":"v1beta1","id":"rc","desiredState":{
      "replicas":2,"replicaSelector":{"a":"b"},"podTemplate":{"labels":{"a":"b"},"desiredState":{"manifest":{
      "version":"v1beta1","id":"rc","containers":[{"name":"c","image":"i"}]}}}}})");
  ASSERT_EQ(rc.status, 201) << rc.body;
  EXPECT_EQ(rc.at("desiredState.replicaSelector.a"), "b");
  const Answer service = call(
      "POST", old("services?namespace=default"),
      R"({"kind":"Service","apiVersion":"v1beta1","id":"s","port":80,"containerPort":8080,"selector":{"a":"b"}})");
  ASSERT_EQ(service.status, 201) << service.body;
  EXPECT_NE(service.body.find(R"("port":80)"), std::string::npos);
  const Answer minion = call("POST", old("minions"), R"({"kind":"Minion","apiVersion":"v1beta1","id":"m"})");
  ASSERT_EQ(minion.status, 201) << minion.body;
  EXPECT_EQ(call("GET", "/api/v1/nodes/m").at("kind"), "Node");
  EXPECT_EQ(call("GET", old("minions")).at("kind"), "MinionList");
}

TEST_F(HttpOld, ErrorsNameTheFieldsOfItsOwnForm) {
  const Answer refused = call("POST", old("pods"), R"({"kind":"Pod","apiVersion":"v1beta1","id":"p",
    "desiredState":{"podIP":"1.2.3.4"}})");
  EXPECT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(refused.message(),
            "Pod \"p\" is invalid: desiredState.podIP: Forbidden: v1 has nothing that says this");
  EXPECT_EQ(call("POST", old("pods"), R"({"kind":"Pod","apiVersion":"v1"})").status, 400);
  EXPECT_EQ(call("PATCH", old("pods/p"), "{}", {{"Content-Type", "application/merge-patch+json"}}).status,
            405);
  EXPECT_EQ(call("GET", old("pods?watch=true")).status, 405);
  EXPECT_EQ(call("GET", old("deployments")).status, 404);
}

TEST_F(HttpOld, DiscoveryDoesNotTellOfIt) {
  EXPECT_EQ(call("GET", "/api").body.find("v1beta1"), std::string::npos);
  EXPECT_EQ(call("GET", "/api/v1beta1").status, 404);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
