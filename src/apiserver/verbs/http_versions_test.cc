// One object in several versions, and the subresources.
#include <fmt/format.h>

#include <set>

#include "apiserver/testing/running_server.h"
#include "async/executor.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpVersions : public HttpTest {
 protected:
  static constexpr const char* kVersions[] = {"apps/v1", "apps/v1beta1", "apps/v1beta2",
                                              "extensions/v1beta1"};
  Answer deployment(const std::string& version, const std::string& name) {
    return call(
        "POST", group(version, "deployments"),
        fmt::format(
            R"({{"apiVersion":"{}","kind":"Deployment","metadata":{{"name":"{}"}},"spec":{{"replicas":2,)"
            R"("selector":{{"matchLabels":{{"app":"a"}}}},"template":{{"metadata":{{"labels":{{"app":"a"}}}},)"
            R"("spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}}}}})",
            version, name));
  }
};

TEST_F(HttpVersions, ADeploymentMadeInAnyVersionIsReadInEveryVersion) {
  for (const char* made_in : kVersions) {
    const std::string name = std::string("d") + std::to_string(std::hash<std::string>()(made_in) % 10000);
    const Answer made = deployment(made_in, name);
    ASSERT_EQ(made.status, 201) << made_in << made.body;
    EXPECT_EQ(made.at("apiVersion"), made_in);
    for (const char* read_in : kVersions) {
      const Answer read = call("GET", group(read_in, "deployments/" + name));
      EXPECT_EQ(read.status, 200) << read_in;
      EXPECT_EQ(read.at("apiVersion"), read_in);
      EXPECT_EQ(read.at("kind"), "Deployment");
      EXPECT_EQ(read.at("metadata.uid"), made.at("metadata.uid"));
      EXPECT_EQ(read.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
      EXPECT_EQ(read.at("spec.replicas"), "2");
      EXPECT_EQ(read.at("spec.selector.matchLabels.app"), "a");
      EXPECT_EQ(read.warnings().empty(), std::string(read_in) == "apps/v1") << read_in;
    }
  }
  const Answer list = call("GET", group("extensions/v1beta1", "deployments"));
  EXPECT_EQ(list.at("apiVersion"), "extensions/v1beta1");
  EXPECT_EQ(list.count("items"), 4u);
}

TEST_F(HttpVersions, DefaultsAreThoseOfTheVersion) {
  EXPECT_EQ(deployment("apps/v1", "new").at("spec.revisionHistoryLimit"), "10");
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/new")).at("spec.progressDeadlineSeconds"), "600");
  const Answer old = deployment("extensions/v1beta1", "old");
  EXPECT_EQ(old.at("spec.progressDeadlineSeconds"), "2147483647");
  EXPECT_EQ(old.at("spec.strategy.rollingUpdate.maxSurge"), "1");
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/new")).at("spec.strategy.rollingUpdate.maxSurge"),
            "25%");
  // The old versions take the selector from the template; the new one wants it said.
  const std::string bare =
      R"("metadata":{"name":"bare"},"spec":{"template":{"metadata":{"labels":{"app":"b"}},)"
      R"("spec":{"containers":[{"name":"c","image":"i"}]}}}})";
  EXPECT_EQ(call("POST", group("apps/v1", "deployments"), "{" + bare).status, 422);
  const Answer taken = call("POST", group("extensions/v1beta1", "deployments"), "{" + bare);
  EXPECT_EQ(taken.status, 201) << taken.body;
  EXPECT_EQ(taken.at("spec.selector.matchLabels.app"), "b");
}

TEST_F(HttpVersions, ScaleInEveryVersion) {
  deployment("apps/v1", "d");
  int size = 3;
  for (const char* version : kVersions) {
    const std::string path = group(version, "deployments/d/scale");
    const Answer read = call("GET", path);
    ASSERT_EQ(read.status, 200) << version << read.body;
    EXPECT_EQ(read.at("kind"), "Scale");
    EXPECT_EQ(read.at("apiVersion"), version == std::string("apps/v1") ? "autoscaling/v1" : version);
    EXPECT_EQ(read.at("metadata.name"), "d");
    const bool one = version == std::string("apps/v1");
    EXPECT_EQ(read.at(one ? "status.selector" : "status.targetSelector"), "app=a") << version << read.body;
    if (!one) EXPECT_EQ(read.at("status.selector.app"), "a");
    const Answer put =
        call("PUT", path, fmt::format(R"({{"metadata":{{"name":"d"}},"spec":{{"replicas":{}}}}})", ++size));
    EXPECT_EQ(put.status, 200) << put.body;
    EXPECT_EQ(put.at("spec.replicas"), std::to_string(size));
    const Answer patch = call("PATCH", path, fmt::format(R"({{"spec":{{"replicas":{}}}}})", ++size),
                              {{"Content-Type", "application/merge-patch+json"}});
    EXPECT_EQ(patch.at("spec.replicas"), std::to_string(size)) << patch.body;
    EXPECT_EQ(call("GET", group("apps/v1", "deployments/d")).at("spec.replicas"), std::to_string(size));
  }
  EXPECT_EQ(call("PUT", group("apps/v1", "deployments/d/scale"),
                 R"({"metadata":{"name":"d"},"spec":{"replicas":-1}})")
                .status,
            422);
  EXPECT_EQ(call("PUT", group("apps/v1", "deployments/d/scale"),
                 R"({"metadata":{"name":"d","resourceVersion":"1"},"spec":{"replicas":1}})")
                .status,
            409);
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/none/scale")).status, 404);
}

TEST_F(HttpVersions, ScalePatchesDoNotTripOverOtherWriters) {
  deployment("apps/v1", "d");
  std::atomic<int> refused = 0;
  {
    ThreadPool others(real_clock(), {.name = "other", .threads_max = 2, .queue_max = 100, .idle_ms = 1000});
    for (int i = 0; i < 40; ++i)
      others.post([&, i] {
        call("PATCH", group("apps/v1", "deployments/d"),
             fmt::format(R"({{"metadata":{{"labels":{{"n":"{}"}}}}}})", i),
             {{"Content-Type", "application/merge-patch+json"}});
      });
    for (int i = 0; i < 40; ++i)
      if (call("PATCH", group("apps/v1", "deployments/d/scale"),
               fmt::format(R"({{"spec":{{"replicas":{}}}}})", i),
               {{"Content-Type", "application/merge-patch+json"}})
              .status != 200)
        ++refused;
    others.stop();
  }
  EXPECT_EQ(refused, 0);
  const Answer insists = call("PATCH", group("apps/v1", "deployments/d/scale"),
                              R"({"metadata":{"resourceVersion":"1"},"spec":{"replicas":1}})",
                              {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(insists.status, 409) << insists.body;
}

TEST_F(HttpVersions, StatusAndSpecAreWrittenApart) {
  const Answer made = deployment("apps/v1", "d");
  const Answer status = call("PATCH", group("apps/v1", "deployments/d/status"),
                             R"({"spec":{"replicas":9},"status":{"replicas":4}})",
                             {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(status.status, 200) << status.body;
  EXPECT_EQ(status.at("status.replicas"), "4");
  EXPECT_EQ(status.at("spec.replicas"), "2");
  EXPECT_EQ(status.at("metadata.generation"), made.at("metadata.generation"));
  const Answer spec =
      call("PATCH", group("apps/v1", "deployments/d"), R"({"spec":{"replicas":9},"status":{"replicas":7}})",
           {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(spec.at("status.replicas"), "4");
  EXPECT_EQ(spec.at("spec.replicas"), "9");
  EXPECT_EQ(spec.at("metadata.generation"), "2");
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/d/status")).at("kind"), "Deployment");
}

TEST_F(HttpVersions, ABindingIsMadeOnce) {
  create_pod("p");
  ASSERT_EQ(call("PATCH", core("pods/p/status"), R"({"status":{"nominatedNodeName":"n1"}})",
                 {{"Content-Type", "application/merge-patch+json"}})
                .status,
            200);
  const std::string body =
      R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}})";
  const Answer bound = call("POST", core("pods/p/binding"), body);
  EXPECT_EQ(bound.status, 201) << bound.body;
  EXPECT_EQ(bound.at("status"), "Success");
  const Answer pod = call("GET", core("pods/p"));
  EXPECT_EQ(pod.at("spec.nodeName"), "n1");
  EXPECT_EQ(pod.at("status.nominatedNodeName"), "");
  EXPECT_EQ(pod.at("status.conditions.0.type"), "PodScheduled");
  const Answer twice = call("POST", core("pods/p/binding"), body);
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.message(),
            "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n1\"");
  create_pod("q");
  EXPECT_EQ(call("POST", core("bindings"), R"({"metadata":{"name":"q"},"target":{"name":"n1"}})").status,
            201);
  EXPECT_EQ(call("POST", core("pods/none/binding"), R"({"metadata":{"name":"none"},"target":{"name":"n1"}})")
                .status,
            404);
}

TEST_F(HttpVersions, ANamespaceGoesWithItsLastFinalizer) {
  const std::string path = "/api/v1/namespaces/going";
  ASSERT_EQ(call("POST", "/api/v1/namespaces", R"({"metadata":{"name":"going"}})").status, 201);
  const Answer going = call("DELETE", path);
  EXPECT_EQ(going.at("status.phase"), "Terminating") << going.body;
  EXPECT_EQ(call("GET", path).at("spec.finalizers.0"), "kubernetes");
  const Answer refused = call("POST", path + "/configmaps", R"({"metadata":{"name":"late"}})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.at("details.causes.0.reason"), "NamespaceTerminating");
  EXPECT_EQ(
      call("PUT", path + "/finalize", R"({"metadata":{"name":"going"},"spec":{"finalizers":[]}})").status,
      200);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(HttpVersions, ServicesMadeAtOnceGetDifferentAddresses) {
  // The range of the server is large; what is tested is that an address is not given twice.
  std::set<std::string> seen;
  for (int i = 0; i < 30; ++i) {
    const Answer made =
        call("POST", core("services"),
             fmt::format(R"({{"metadata":{{"name":"s{}"}},"spec":{{"ports":[{{"port":80}}]}}}})", i));
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_TRUE(seen.insert(made.at("spec.clusterIP")).second);
  }
  const Answer updated = call("PATCH", core("services/s0"), R"({"spec":{"sessionAffinity":"ClientIP"}})",
                              {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(updated.status, 200) << updated.body;
  EXPECT_TRUE(seen.contains(updated.at("spec.clusterIP")));
}

TEST_F(HttpVersions, DeprecatedVersionsSaySoInUpstreamsWords) {
  const std::pair<const char*, const char*> kTable[] = {
      {"apps/v1beta1/deployments",
       "apps/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment"},
      {"apps/v1beta2/replicasets",
       "apps/v1beta2 ReplicaSet is deprecated in v1.9+, unavailable in v1.16+; use apps/v1 ReplicaSet"},
      {"apps/v1beta1/controllerrevisions",
       "apps/v1beta1 ControllerRevision is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 "
       "ControllerRevision"},
      {"coordination.k8s.io/v1beta1/leases",
       "coordination.k8s.io/v1beta1 Lease is deprecated in v1.19+, unavailable in v1.22+; use "
       "coordination.k8s.io/v1 Lease"},
      {"discovery.k8s.io/v1beta1/endpointslices",
       "discovery.k8s.io/v1beta1 EndpointSlice is deprecated in v1.21+, unavailable in v1.25+; use "
       "discovery.k8s.io/v1 "
       "EndpointSlice"},
      {"events.k8s.io/v1beta1/events",
       "events.k8s.io/v1beta1 Event is deprecated in v1.22+, unavailable in v1.25+"},
      {"scheduling.k8s.io/v1beta1/priorityclasses",
       "scheduling.k8s.io/v1beta1 PriorityClass is deprecated in v1.14+, unavailable in v1.22+; use "
       "scheduling.k8s.io/v1 "
       "PriorityClass"},
  };
  for (const auto& [path, text] : kTable) {
    const Answer list = call("GET", std::string("/apis/") + path);
    EXPECT_EQ(list.status, 200) << path;
    ASSERT_EQ(list.warnings().size(), 1u) << path;
    EXPECT_EQ(list.warnings()[0], fmt::format("299 - \"{}\"", text)) << path;
    const std::string gv = std::string(path).substr(0, std::string(path).rfind('/'));
    const std::string plural = std::string(path).substr(gv.size() + 1);
    EXPECT_NE(call("GET", "/apis/" + gv).body.find("\"" + plural + "\""), std::string::npos) << path;
    EXPECT_EQ(call("GET", "/openapi/v3/apis/" + gv).status, 200) << path;
  }
}

TEST_F(HttpVersions, EndpointsSayOnEveryVerbThatTheyAreOfTheOldKind) {
  const std::string text =
      "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"";
  const auto expect = [&](const Answer& got) {
    ASSERT_EQ(got.warnings().size(), 1u) << got.body;
    EXPECT_EQ(got.warnings()[0], text);
  };
  expect(call("POST", core("endpoints"), R"({"metadata":{"name":"e"}})"));
  expect(call("GET", core("endpoints/e")));
  expect(call("GET", core("endpoints")));
  expect(call("PUT", core("endpoints/e"), R"({"metadata":{"name":"e"}})"));
  expect(call("GET", core("endpoints/none")));
  expect(call("DELETE", core("endpoints/e")));
}

TEST_F(HttpVersions, EndpointSlicesKeepZoneAndNodeInOldTopology) {
  const std::string old = group("discovery.k8s.io/v1beta1", "endpointslices");
  const std::string now = group("discovery.k8s.io/v1", "endpointslices");
  const auto slice = [](const char* name, const char* endpoint) {
    return fmt::format(
        R"({{"metadata":{{"name":"{}"}},"addressType":"IPv4","endpoints":[{{"addresses":["10.0.0.1"],{}}}],"ports":[]}})",
        name, endpoint);
  };
  struct Case {
    const char* name;
    const char* old_endpoint;
    const char* zone;
    const char* node;
    const char* rest;  ///< v1's deprecatedTopology
  };
  const Case kTable[] = {
      {"zone", R"("topology":{"topology.kubernetes.io/zone":"z"})", "z", "", ""},
      {"same",
       R"("nodeName":"n","topology":{"kubernetes.io/hostname":"n","topology.kubernetes.io/zone":"z"})", "z",
       "n", ""},
      {"odd", R"("nodeName":"n","topology":{"kubernetes.io/hostname":"m","x":"y"})", "", "n",
       R"({"kubernetes.io/hostname":"m","x":"y"})"},
      {"host", R"("topology":{"kubernetes.io/hostname":"m"})", "", "", R"({"kubernetes.io/hostname":"m"})"},
  };
  for (const Case& c : kTable) {
    const Answer made = call("POST", old, slice(c.name, c.old_endpoint));
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.at("apiVersion"), "discovery.k8s.io/v1beta1");
    const Answer read = call("GET", now + "/" + c.name);
    EXPECT_EQ(read.at("endpoints.0.zone"), c.zone) << c.name;
    EXPECT_EQ(read.at("endpoints.0.nodeName"), c.node) << c.name;
    EXPECT_EQ(read.at("endpoints.0.deprecatedTopology"), c.rest) << c.name;
    EXPECT_EQ(call("GET", old + "/" + c.name).at("endpoints.0.topology"), made.at("endpoints.0.topology"))
        << c.name;
  }
  ASSERT_EQ(call("POST", now, slice("new", R"("zone":"z","nodeName":"n")")).status, 201);
  EXPECT_EQ(call("GET", old + "/new").at("endpoints.0.topology"),
            R"({"kubernetes.io/hostname":"n","topology.kubernetes.io/zone":"z"})");
}

TEST_F(HttpVersions, EventsAndEvictionsOfOldClients) {
  const std::string event = fmt::format(
      R"({{"metadata":{{"name":"e"}},"regarding":{{"kind":"Pod","namespace":"{}","name":"p"}},"note":"n",)"
      R"("reason":"R","type":"Normal","reportingController":"c","deprecatedCount":3}})",
      ns_);
  const Answer made = call("POST", group("events.k8s.io/v1beta1", "events"), event);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("note"), "n");
  const Answer read = call("GET", core("events/e"));
  EXPECT_EQ(read.at("message"), "n");
  EXPECT_EQ(read.at("count"), "3");
  EXPECT_EQ(read.at("involvedObject.name"), "p");
  create_pod("p");
  const Answer evicted = call("POST", core("pods/p/eviction"),
                              R"({"apiVersion":"policy/v1beta1","kind":"Eviction","metadata":{"name":"p"}})");
  EXPECT_EQ(evicted.status, 201) << evicted.body;
}

}  // namespace
}  // namespace mizzen::apiserver::testing
