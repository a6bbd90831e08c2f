// Create, read, update, patch and delete over HTTP: statuses, reasons and texts.
#include <fmt/format.h>

#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpObjects : public HttpTest {};

TEST_F(HttpObjects, ProxiedRequestsGoToPodsOnly) {
  ASSERT_EQ(create_pod("p").status, 201);
  const auto status = [&](const std::string& ip) {
    return call("PATCH", core("pods/p/status"),
                R"({"status":{"phase":"Running","podIP":")" + ip + R"(","podIPs":[{"ip":")" + ip + R"("}]}})",
                {{"Content-Type", "application/merge-patch+json"}})
        .status;
  };
  EXPECT_EQ(call("GET", core("pods/none/proxy/")).status, 404);
  EXPECT_EQ(call("GET", core("pods/ftp:p:1/proxy/")).message(), "invalid pod request \"ftp:p:1\"");
  ASSERT_EQ(status("127.0.0.1"), 200);
  const Answer refused = call("POST", core("pods/p:80/proxy/x"), "body");
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.message(), "address not allowed");
  ASSERT_EQ(status("192.0.2.1"), 200);
  const Answer slash = call("GET", core("pods/p/proxy?a=b"));
  EXPECT_EQ(slash.status, 301);
  EXPECT_EQ(slash.headers.get("Location"), core("pods/p/proxy/?a=b"));
  ASSERT_EQ(call("POST", core("services"),
                 R"({"metadata":{"name":"s"},"spec":{"selector":{"a":"b"},"ports":[{"port":80}]}})")
                .status,
            201);
  const Answer none = call("GET", core("services/s/proxy/"));
  EXPECT_EQ(none.status, 503) << none.body;
  EXPECT_EQ(none.message(), "no endpoints available for service \"s\"");
  EXPECT_NE(call("GET", "/api/v1").body.find("\"pods/proxy\""), std::string::npos);
}

TEST_F(HttpObjects, PodsGetTheirDefaultTolerationsBackOnUpdate) {
  const Answer made = create_pod("tolerant");
  ASSERT_EQ(made.status, 201) << made.body;
  ASSERT_EQ(made.count("spec.tolerations"), 2u) << made.body;
  const std::string one =
      R"([{"op":"replace","path":"/spec/tolerations","value":[{"key":"k","operator":"Exists"}]}])";
  const Answer patched =
      call("PATCH", core("pods/tolerant"), one, {{"Content-Type", "application/json-patch+json"}});
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.count("spec.tolerations"), 3u) << patched.body;
}

TEST_F(HttpObjects, CreateReadUpdateDelete) {
  const Answer made = create_config("a");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(made.headers.get("Cache-Control"), "no-cache, private");
  EXPECT_EQ(made.headers.get("Audit-Id").size(), 36u);
  EXPECT_EQ(made.body.back(), '\n');
  EXPECT_EQ(made.at("kind"), "ConfigMap");
  EXPECT_EQ(made.at("apiVersion"), "v1");
  EXPECT_FALSE(made.at("metadata.uid").empty());

  const Answer read = call("GET", core("configmaps/a"), "", {{"Audit-ID", "mine"}});
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(read.headers.get("Audit-Id"), "mine");

  const Answer changed = call("PUT", core("configmaps/a"), R"({"metadata":{"name":"a"},"data":{"k":"w"}})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.at("data.k"), "w");
  EXPECT_NE(changed.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
  EXPECT_EQ(changed.at("metadata.uid"), made.at("metadata.uid"));

  const Answer same = call("PUT", core("configmaps/a"), R"({"metadata":{"name":"a"},"data":{"k":"w"}})");
  EXPECT_EQ(same.at("metadata.resourceVersion"), changed.at("metadata.resourceVersion"));

  const Answer gone = call("DELETE", core("configmaps/a"));
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.at("kind"), "Status");
  EXPECT_EQ(gone.at("status"), "Success");
  EXPECT_EQ(gone.at("details.kind"), "configmaps");
  EXPECT_EQ(gone.at("details.uid"), made.at("metadata.uid"));
}

TEST_F(HttpObjects, WhatIsNotThereIsToldInUpstreamsWords) {
  const Answer missing = call("GET", core("configmaps/none"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.at("reason"), "NotFound");
  EXPECT_EQ(missing.at("code"), "404");
  EXPECT_EQ(missing.message(), "configmaps \"none\" not found");
  EXPECT_EQ(missing.at("details.name"), "none");
  EXPECT_EQ(missing.at("details.kind"), "configmaps");
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/none")).message(),
            "deployments.apps \"none\" not found");
  EXPECT_EQ(call("PUT", core("configmaps/none"), R"({"metadata":{"name":"none"}})").status, 404);
  EXPECT_EQ(call("DELETE", core("configmaps/none")).status, 404);

  const Answer unknown = call("GET", core("nothings"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.message(), "the server could not find the requested resource");
  const Answer outside = call("GET", "/apis/no.such.group/v1/things");
  EXPECT_EQ(outside.status, 404);
  const Answer text = call("GET", "/nothing");
  EXPECT_EQ(text.status, 404);
  EXPECT_EQ(text.body, "404 page not found\n");
}

TEST_F(HttpObjects, ConflictsAndPreconditions) {
  const Answer made = create_config("a");
  const Answer twice = create_config("a");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.at("reason"), "AlreadyExists");
  EXPECT_EQ(twice.message(), "configmaps \"a\" already exists");

  const std::string stale = R"({"metadata":{"name":"a","resourceVersion":"1"}})";
  const Answer conflict = call("PUT", core("configmaps/a"), stale);
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.at("reason"), "Conflict");
  EXPECT_EQ(
      conflict.message(),
      "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
      "changes to the latest version and try again");

  const Answer uid = call("PUT", core("configmaps/a"), R"({"metadata":{"name":"a","uid":"other"}})");
  EXPECT_EQ(uid.status, 409);
  EXPECT_NE(uid.message().find("Precondition failed: UID in precondition: other, UID in object meta: " +
                               made.at("metadata.uid")),
            std::string::npos);

  const Answer refused = call("DELETE", core("configmaps/a"), R"({"preconditions":{"uid":"other"}})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.message().find("the UID in the precondition (other) does not match the UID in record"),
            std::string::npos);
  EXPECT_EQ(call("GET", core("configmaps/a")).status, 200);
}

TEST_F(HttpObjects, NamesAndNamespacesMustAgree) {
  create_config("a");
  const Answer other = call("PUT", core("configmaps/a"), R"({"metadata":{"name":"b"}})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.message(), "the name of the object (b) does not match the name on the URL (a)");
  const Answer none = call("PUT", core("configmaps/a"), R"({"metadata":{}})");
  EXPECT_EQ(none.message(),
            "the name of the object (a based on URL) was undeterminable: name must be provided");
  const Answer elsewhere =
      call("POST", core("configmaps"), R"({"metadata":{"name":"x","namespace":"default"}})");
  EXPECT_EQ(elsewhere.status, 400);
  EXPECT_EQ(elsewhere.message(),
            "the namespace of the provided object does not match the namespace sent on the request");
  const Answer nowhere =
      call("POST", "/api/v1/namespaces/nowhere/configmaps", R"({"metadata":{"name":"x"}})");
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.message(), "namespaces \"nowhere\" not found");
}

TEST_F(HttpObjects, AStatusCannotCarryMetadataThatAnUpdateCouldNot) {
  ASSERT_EQ(create_pod("p").status, 201);
  for (const char* metadata :
       {R"({"labels":{"a":"b c"}})", R"({"annotations":{"a b":"c"}})", R"({"finalizers":["a b"]})",
        R"({"finalizers":["5"]})", R"({"deletionGracePeriodSeconds":5})"})
    for (const char* part : {"pods/p", "pods/p/status"}) {
      const Answer got = call("PATCH", core(part), std::string("{\"metadata\":") + metadata + "}",
                              {{"Content-Type", "application/merge-patch+json"}});
      EXPECT_EQ(got.status, 422) << part << metadata << got.body;
      EXPECT_EQ(got.message().find("Pod \"p\" is invalid: "), 0u) << got.message();
    }
}

TEST_F(HttpObjects, UidsAndVersionsThatAreNotThisObjects) {
  create_config("a");
  const auto patch = [&](const std::string& metadata) {
    return call("PATCH", core("configmaps/a"), "{\"metadata\":" + metadata + "}",
                {{"Content-Type", "application/merge-patch+json"}});
  };
  const Answer uid = patch(R"({"uid":"other"})");
  EXPECT_EQ(uid.status, 422);
  EXPECT_EQ(uid.message(),
            "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable");
  for (const char* method : {"PUT", "PATCH"}) {
    const Answer bad =
        call(method, core("configmaps/a"), R"({"metadata":{"name":"a","resourceVersion":"x"}})",
             {{"Content-Type",
               *method == 'P' && method[1] == 'A' ? "application/merge-patch+json" : "application/json"}});
    EXPECT_EQ(bad.status, 500) << method;
    EXPECT_EQ(bad.message(), "strconv.ParseUint: parsing \"x\": invalid syntax");
  }
  const Answer put = call("PUT", core("configmaps/a"), R"({"metadata":{"name":"a","uid":"other"}})");
  EXPECT_NE(put.message().find("Key: /configmaps/" + ns_ + "/a, "), std::string::npos) << put.message();
  const Answer made =
      call("PUT", group("coordination.k8s.io/v1", "leases/l"), R"({"metadata":{"name":"l","uid":"other"}})");
  EXPECT_EQ(made.status, 409) << "what is not there has no uid";
  // A node has no namespace to be in.
  EXPECT_EQ(call("POST", "/api/v1/nodes", R"({"metadata":{"name":"n-)" + ns_ + "\"}}").status, 201);
  EXPECT_EQ(call("PATCH", "/api/v1/nodes/n-" + ns_, R"({"metadata":{"namespace":"x"}})",
                 {{"Content-Type", "application/merge-patch+json"}})
                .status,
            200);
}

TEST_F(HttpObjects, AVersionOnWhatIsMade) {
  const auto made = [&](const char* method, const std::string& path, const char* name, const char* version) {
    const Answer got =
        call(method, path,
             std::string(R"({"metadata":{"name":")") + name + R"(","resourceVersion":")" + version + "\"}}");
    return std::to_string(got.status) + " " + got.message() + got.at("reason");
  };
  const std::string configs = core("configmaps"), leases = group("coordination.k8s.io/v1", "leases");
  const std::string refused = "500 resourceVersion should not be set on objects to be created";
  EXPECT_EQ(made("POST", configs, "a", "5"), refused);
  EXPECT_EQ(made("POST", configs + "?dryRun=All", "a", "5"), "201 ");
  EXPECT_EQ(made("POST", configs, "a", "0"), "201 ");
  EXPECT_EQ(made("POST", configs, "b", "x"), "201 ");
  // Who writes a lease that somebody has deleted makes it again.
  EXPECT_EQ(made("PUT", leases + "/l", "l", "5"), "201 ");
  EXPECT_EQ(made("PUT", leases + "/m", "m", "x"), "500 strconv.ParseUint: parsing \"x\": invalid syntax");
}

TEST_F(HttpObjects, OwnersNamedTwiceAreNamedOnceWithOneWarning) {
  const std::string owners = R"("ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"1"},)"
                             R"({"apiVersion":"v1","kind":"Pod","name":"a","uid":"1"},)"
                             R"({"apiVersion":"v1","kind":"Pod","name":"a","uid":"1"}])";
  const Answer made = create_config("a", "v", "," + owners);
  EXPECT_EQ(made.count("metadata.ownerReferences"), 1u);
  ASSERT_EQ(made.warnings().size(), 1u);
  EXPECT_NE(made.warnings()[0].find("contains duplicate entries; API"), std::string::npos);
  EXPECT_NE(made.warnings()[0].find("duplicate UID(s) observed: 1, 1"), std::string::npos);
  const Answer patched = call("PATCH", core("configmaps/a"), "{\"metadata\":{" + owners + "}}",
                              {{"Content-Type", "application/merge-patch+json"}});
  ASSERT_EQ(patched.warnings().size(), 1u);
  EXPECT_NE(patched.warnings()[0].find("contains duplicate entries after mutating admission happens; API"),
            std::string::npos);
}

TEST_F(HttpObjects, InvalidObjectsNameTheirFields) {
  const Answer bad = call("POST", core("configmaps"), R"({"metadata":{"name":"A_b"}})");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.at("reason"), "Invalid");
  EXPECT_EQ(bad.at("details.causes.0.field"), "metadata.name");
  EXPECT_EQ(bad.at("details.causes.0.reason"), "FieldValueInvalid");
  EXPECT_EQ(bad.message().find(
                "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123"),
            0u)
      << bad.message();
  const Answer nameless = call("POST", core("configmaps"), R"({"metadata":{}})");
  EXPECT_EQ(nameless.status, 422);
  EXPECT_NE(nameless.message().find("metadata.name: Required value: name or generateName is required"),
            std::string::npos);
  const Answer generated = call("POST", core("configmaps"), R"({"metadata":{"generateName":"x-"}})");
  EXPECT_EQ(generated.status, 201);
  EXPECT_EQ(generated.at("metadata.name").size(), 7u);
  EXPECT_EQ(call("POST", core("configmaps"), R"({"metadata":{"name":"r","resourceVersion":"7"}})").status,
            500);
}

TEST_F(HttpObjects, MethodsAndMediaTypes) {
  create_config("a");
  EXPECT_EQ(call("POST", core("configmaps/a"), "{}").status, 405);
  EXPECT_EQ(call("PUT", core("configmaps"), "{}").message(),
            "the server does not allow this method on the requested resource");
  EXPECT_EQ(call("GET", core("pods/x/binding")).status, 405);
  EXPECT_EQ(call("DELETE", "/api/v1/namespaces").status, 405);

  const Answer refused = call("GET", core("configmaps/a"), "", {{"Accept", "text/html"}});
  EXPECT_EQ(refused.status, 406);
  EXPECT_EQ(refused.message(),
            "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf");
  EXPECT_EQ(call("GET", core("configmaps/a"), "", {{"Accept", "text/html, */*;q=0.1"}}).status, 200);
  const Answer type = call("POST", core("configmaps"), "{}", {{"Content-Type", "text/plain"}});
  EXPECT_EQ(type.status, 415);
  EXPECT_EQ(type.at("reason"), "UnsupportedMediaType");
  const Answer patch = call("PATCH", core("configmaps/a"), "{}", {{"Content-Type", "application/json"}});
  EXPECT_EQ(patch.status, 415);
}

TEST_F(HttpObjects, PatchesOfThreeKinds) {
  create_config("a");
  const auto patch = [&](const std::string& type, const std::string& body) {
    return call("PATCH", core("configmaps/a"), body, {{"Content-Type", type}});
  };
  EXPECT_EQ(patch("application/merge-patch+json", R"({"data":{"k":null,"l":"m"}})").at("data"),
            R"({"l":"m"})");
  EXPECT_EQ(
      patch("application/json-patch+json", R"([{"op":"add","path":"/data/x","value":"y"}])").at("data.x"),
      "y");
  EXPECT_EQ(patch("application/strategic-merge-patch+json", R"({"metadata":{"labels":{"a":"b"}}})")
                .at("metadata.labels.a"),
            "b");
  const Answer test =
      patch("application/json-patch+json", R"([{"op":"test","path":"/data/x","value":"no"}])");
  EXPECT_EQ(test.status, 422);
  EXPECT_EQ(test.message(), "the server rejected our request due to an error in our request");
  EXPECT_EQ(patch("application/json-patch+json", R"([{"op":"remove","path":"/data/none"}])").status, 422);
  EXPECT_EQ(patch("application/json-patch+json", R"({"op":"add"})").status, 400);
  EXPECT_EQ(patch("application/merge-patch+json", "{").status, 400);
  EXPECT_EQ(patch("application/merge-patch+json", R"({"metadata":{"name":"b"}})").status, 400);
  EXPECT_EQ(patch("application/merge-patch+json", R"({"metadata":{"resourceVersion":"1"}})").status, 409);
  EXPECT_EQ(patch("application/merge-patch+json", R"({"data":[1]})").status, 422);
  std::string many = "[";
  for (int i = 0; i < 10001; ++i)
    many += fmt::format("{}{{\"op\":\"test\",\"path\":\"/kind\",\"value\":\"x\"}}", i ? "," : "");
  EXPECT_EQ(patch("application/json-patch+json", many + "]").status, 413);
  const Answer forced = call("PATCH", core("configmaps/a?force=true"), "{}",
                             {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(forced.status, 422);
  EXPECT_EQ(
      forced.message(),
      "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch");
}

TEST_F(HttpObjects, DryRunWritesNothing) {
  const Answer dry = call("POST", core("configmaps?dryRun=All"), R"({"metadata":{"name":"d"}})");
  EXPECT_EQ(dry.status, 201);
  EXPECT_EQ(dry.at("metadata.resourceVersion"), "");
  EXPECT_EQ(call("GET", core("configmaps/d")).status, 404);
  const Answer made = create_config("a");
  const Answer update =
      call("PUT", core("configmaps/a?dryRun=All"), R"({"metadata":{"name":"a"},"data":{"n":"1"}})");
  EXPECT_EQ(update.at("data.n"), "1");
  EXPECT_EQ(update.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
  EXPECT_EQ(call("DELETE", core("configmaps/a?dryRun=All")).status, 200);
  EXPECT_EQ(call("GET", core("configmaps/a")).body, made.body);
  const Answer bad = call("POST", core("configmaps?dryRun=Some"), R"({"metadata":{"name":"d"}})");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.message(),
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: "
            "supported values: \"All\"");
}

TEST_F(HttpObjects, FinalizersKeepWhatIsDeleted) {
  const Answer made = create_config("a", "v", R"(,"finalizers":["example.com/hold"])");
  ASSERT_EQ(made.status, 201) << made.body;
  const Answer first = call("DELETE", core("configmaps/a"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.at("kind"), "ConfigMap");
  EXPECT_FALSE(first.at("metadata.deletionTimestamp").empty());
  EXPECT_EQ(first.at("metadata.deletionGracePeriodSeconds"), "0");
  const Answer again = create_config("a");
  EXPECT_EQ(again.message(), "object is being deleted: configmaps \"a\" already exists");
  const Answer second = call("DELETE", core("configmaps/a"));
  EXPECT_EQ(second.at("kind"), "Status");
  const Answer released = call("PATCH", core("configmaps/a"), R"({"metadata":{"finalizers":null}})",
                               {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(released.status, 200);
  EXPECT_EQ(call("GET", core("configmaps/a")).status, 404);
}

TEST_F(HttpObjects, PropagationPoliciesLeaveFinalizers) {
  for (const auto& [policy, finalizer] :
       {std::pair{"Foreground", "foregroundDeletion"}, {"Orphan", "orphan"}}) {
    create_config(finalizer == std::string("orphan") ? "o" : "f");
    const std::string path = core(finalizer == std::string("orphan") ? "configmaps/o" : "configmaps/f");
    const Answer gone = call("DELETE", path + "?propagationPolicy=" + policy);
    EXPECT_EQ(gone.at("metadata.finalizers.0"), finalizer) << gone.body;
  }
  create_config("b");
  EXPECT_EQ(call("DELETE", core("configmaps/b?propagationPolicy=Background")).at("kind"), "Status");
  create_config("l");
  EXPECT_EQ(call("DELETE", core("configmaps/l?propagationPolicy=Later")).status, 422);
  const Answer both =
      call("DELETE", core("configmaps/l"), R"({"orphanDependents":true,"propagationPolicy":"Orphan"})");
  EXPECT_EQ(both.status, 422);
  EXPECT_NE(both.message().find("orphanDependents and deletionPropagation cannot be both set"),
            std::string::npos);
}

TEST_F(HttpObjects, CollectionsAreDeletedBySelector) {
  for (const char* name : {"a", "b"}) create_config(name, "v", R"(,"labels":{"drop":"yes"})");
  create_config("c");
  const Answer dropped = call("DELETE", core("configmaps?labelSelector=drop%3Dyes"));
  EXPECT_EQ(dropped.status, 200);
  EXPECT_EQ(dropped.at("kind"), "ConfigMapList");
  EXPECT_EQ(dropped.count("items"), 2u);
  EXPECT_EQ(call("GET", core("configmaps")).count("items"), 1u);
  EXPECT_EQ(call("DELETE", core("configmaps")).count("items"), 1u);
}

TEST_F(HttpObjects, PodsGoGracefully) {
  ASSERT_EQ(create_pod("waiting").status, 201);
  EXPECT_EQ(call("DELETE", core("pods/waiting")).at("kind"), "Pod");
  EXPECT_EQ(call("GET", core("pods/waiting")).status, 404) << "nobody had to stop an unscheduled pod";
  ASSERT_EQ(create_pod("placed", R"(,"nodeName":"n")").status, 201);
  const Answer going = call("DELETE", core("pods/placed"));
  EXPECT_EQ(going.at("metadata.deletionGracePeriodSeconds"), "30");
  EXPECT_EQ(
      call("DELETE", core("pods/placed?gracePeriodSeconds=5")).at("metadata.deletionGracePeriodSeconds"),
      "5");
  EXPECT_EQ(
      call("DELETE", core("pods/placed?gracePeriodSeconds=20")).at("metadata.deletionGracePeriodSeconds"),
      "5");
  EXPECT_EQ(call("DELETE", core("pods/placed?gracePeriodSeconds=0")).status, 200);
  EXPECT_EQ(call("GET", core("pods/placed")).status, 404);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
