// What a write's query may say, on every verb and subresource; what may not be deleted; collections.
#include <fmt/format.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpOptions : public HttpTest {
 protected:
  void SetUp() override {
    HttpTest::SetUp();
    ASSERT_EQ(create_config("a").status, 201);
    ASSERT_EQ(create_pod("p").status, 201);
    ASSERT_EQ(
        call(
            "POST", group("apps/v1", "deployments"),
            R"({"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},)"
            R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})")
            .status,
        201);
  }
};

constexpr const char* kMerge = "application/merge-patch+json";
constexpr const char* kEviction = R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})";
constexpr const char* kBinding = R"({"metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}})";

TEST_F(HttpOptions, AnUnknownDryRunIsRefusedOnEveryVerbAndSubresourceAndNothingIsDone) {
  struct Case {
    const char* method;
    std::string path;
    const char* body;
    const char* kind;  ///< of the options in the refusal
    const char* content = "application/json";
  };
  const Case cases[] = {
      {"POST", core("configmaps"), R"({"metadata":{"name":"b"}})", "CreateOptions"},
      {"PUT", core("configmaps/a"), R"({"metadata":{"name":"a"}})", "UpdateOptions"},
      {"PATCH", core("configmaps/a"), R"({"data":{"k":"w"}})", "PatchOptions", kMerge},
      {"DELETE", core("configmaps/a"), "", "DeleteOptions"},
      {"DELETE", core("configmaps"), "", "DeleteOptions"},
      {"POST", core("pods/p/eviction"), kEviction, "CreateOptions"},
      {"POST", core("pods/p/binding"), kBinding, "CreateOptions"},
      {"POST", core("bindings"), kBinding, "CreateOptions"},
      {"PUT", core("pods/p/status"), R"({"metadata":{"name":"p"}})", "UpdateOptions"},
      {"PATCH", core("pods/p/status"), R"({"status":{"message":"m"}})", "PatchOptions", kMerge},
      {"PUT", "/api/v1/namespaces/" + ns_ + "/finalize", R"({"metadata":{"name":"x"},"spec":{}})",
       "UpdateOptions"},
      {"PUT", group("apps/v1", "deployments/d/scale"), R"({"metadata":{"name":"d"},"spec":{"replicas":3}})",
       "UpdateOptions"},
      {"PATCH", group("apps/v1", "deployments/d/scale"), R"({"spec":{"replicas":3}})", "PatchOptions",
       kMerge},
  };
  for (const Case& c : cases) {
    const Answer got = call(c.method, c.path + "?dryRun=Bogus", c.body, {{"Content-Type", c.content}});
    EXPECT_EQ(got.status, 422) << c.method << c.path;
    EXPECT_EQ(got.message(),
              fmt::format("{}.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bogus\"]: supported "
                          "values: \"All\"",
                          c.kind))
        << c.method << c.path;
  }
  EXPECT_EQ(call("GET", core("configmaps/b")).status, 404);
  EXPECT_EQ(call("GET", core("configmaps/a")).at("data.k"), "v");
  const Answer pod = call("GET", core("pods/p"));
  EXPECT_EQ(pod.at("metadata.deletionTimestamp"), "");
  EXPECT_EQ(pod.at("spec.nodeName"), "");
  EXPECT_EQ(pod.at("status.message"), "");
  EXPECT_EQ(call("GET", group("apps/v1", "deployments/d")).at("spec.replicas"), "1");
  EXPECT_EQ(call("GET", "/api/v1/namespaces/" + ns_).at("spec.finalizers"), "[\"kubernetes\"]");
}

TEST_F(HttpOptions, OtherOptionsAreRefusedInUpstreamsWords) {
  struct Case {
    const char* method;
    std::string path;
    const char* body;
    int status;
    const char* message;
    const char* content = "application/json";
  };
  const std::string config = core("configmaps/a");
  const Case cases[] = {
      {"POST", core("configmaps?fieldValidation=Nope&dryRun=X"), R"({"metadata":{"name":"b"}})", 422,
       "CreateOptions.meta.k8s.io \"\" is invalid: [dryRun: Unsupported value: [\"X\"]: supported values: "
       "\"All\", fieldValidation: Unsupported value: \"Nope\": supported values: \"\", \"Ignore\", "
       "\"Strict\", "
       "\"Warn\"]"},
      {"POST", core("configmaps?dryRun=Bogus&dryRun=All"), R"({"metadata":{"name":"b"}})", 422,
       "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bogus\",\"All\"]: supported "
       "values: \"All\""},
      {"POST", core("configmaps?dryRun="), R"({"metadata":{"name":"b"}})", 422,
       "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\"]: supported values: "
       "\"All\""},
      {"POST", core("configmaps?fieldManager=%01bad"), R"({"metadata":{"name":"b"}})", 422,
       "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"\\x01bad\": invalid "
       "character "
       "U+0001 (at position 0)"},
      {"PATCH", config + "?dryRun=Bogus&force=true", "{}", 422,
       "PatchOptions.meta.k8s.io \"\" is invalid: [force: Forbidden: may not be specified for non-apply "
       "patch, "
       "dryRun: Unsupported value: [\"Bogus\"]: supported values: \"All\"]",
       kMerge},
      {"DELETE", config + "?gracePeriodSeconds=99999999999999999999999", "", 400,
       "strconv.ParseInt: parsing \"99999999999999999999999\": value out of range"},
      {"DELETE", config + "?gracePeriodSeconds=abc", "", 400,
       "strconv.ParseInt: parsing \"abc\": invalid syntax"},
      {"DELETE", config + "?gracePeriodSeconds=", "", 400, "strconv.ParseInt: parsing \"\": invalid syntax"},
      {"DELETE", core("configmaps?limit=abc"), "", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax"},
      {"DELETE", config + "?propagationPolicy=Bogus", "", 422,
       "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Bogus\": "
       "supported "
       "values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""},
      {"DELETE", config, R"({"dryRun":["Bogus"]})", 422,
       "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bogus\"]: supported values: "
       "\"All\""},
      {"POST", core("pods/p/eviction"),
       R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"},"deleteOptions":{"dryRun":["Bogus"]}})",
       422,
       "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bogus\"]: supported values: "
       "\"All\""},
  };
  for (const Case& c : cases) {
    const Answer got = call(c.method, c.path, c.body, {{"Content-Type", c.content}});
    EXPECT_EQ(got.status, c.status) << c.method << c.path << got.body;
    EXPECT_EQ(got.message(), c.message) << c.method << c.path;
  }
  EXPECT_EQ(call("DELETE", core("pods/p?gracePeriodSeconds=9223372036854775807&dryRun=All")).status, 200)
      << "the longest grace does not run over";
}

TEST_F(HttpOptions, ThePartsOfAnObjectNameThatObject) {
  const std::string undeterminable =
      "the name of the object (d based on URL) was undeterminable: name must be provided";
  const std::string scale = group("apps/v1", "deployments/d/scale"),
                    finalize = "/api/v1/namespaces/" + ns_ + "/finalize";
  struct Case {
    const char* method;
    std::string path;
    const char* body;
    int status;
    std::string message;
  };
  const std::string elsewhere =
      "the namespace of the provided object does not match the namespace sent on the request";
  const std::string evicted = "name in URL does not match name in Eviction object";
  const std::string bound = "name in URL does not match name in Binding object";
  const Case cases[] = {
      {"PUT", scale, R"({"spec":{"replicas":0}})", 400, undeterminable},
      {"PUT", scale, R"({"metadata":{"name":"x"},"spec":{"replicas":0}})", 400,
       "the name of the object (x) does not match the name on the URL (d)"},
      {"PUT", scale, R"({"metadata":{"name":"d","namespace":"x"},"spec":{"replicas":0}})", 400, elsewhere},
      {"PATCH", scale, R"({"metadata":{"name":"x"},"spec":{"replicas":0}})", 400,
       "the name of the object (x) does not match the name on the URL (d)"},
      {"PUT", finalize, R"({"metadata":{"name":"x"}})", 400,
       "the name of the object (x) does not match the name on the URL (" + ns_ + ")"},
      {"POST", core("pods/p/eviction"), "{}", 400, evicted},
      {"POST", core("pods/p/eviction"), R"({"metadata":{"name":"p","namespace":"x"}})", 400, elsewhere},
      {"POST", core("pods/p/binding"), R"({"target":{"name":"n"}})", 400, bound},
      {"POST", core("pods/p/binding"), R"({"metadata":{"name":"p"}})", 500, "target.name: Required value"},
      {"POST", core("bindings"), R"({"target":{"name":"n"}})", 400, "Name parameter required."},
  };
  for (const Case& c : cases) {
    const Answer got =
        call(c.method, c.path, c.body,
             {{"Content-Type", std::string(c.method) == "PATCH" ? kMerge : "application/json"}});
    EXPECT_EQ(got.status, c.status) << c.method << c.path << c.body;
    EXPECT_EQ(got.message(), c.message) << c.method << c.path << c.body;
  }
  EXPECT_EQ(call("GET", core("pods/p")).status, 200);
  EXPECT_EQ(call("GET", scale).at("spec.replicas"), "1");
}

TEST_F(HttpOptions, ANamespaceIsFinalizedByItsUidAndKeepsFinalizersThatAreNames) {
  const std::string finalize = "/api/v1/namespaces/" + ns_ + "/finalize";
  const auto put = [&](const std::string& metadata, const std::string& finalizers) {
    return call("PUT", finalize,
                "{\"metadata\":{\"name\":\"" + ns_ + "\"" + metadata + "},\"spec\":{\"finalizers\":[" +
                    finalizers + "]}}");
  };
  EXPECT_EQ(put(R"(,"uid":"other")", "\"kubernetes\"").status, 409);
  const Answer bad = put("", "\"5\"");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.at("details.causes.0.field"), "spec.finalizers[0]");
  EXPECT_EQ(call("GET", "/api/v1/namespaces/" + ns_).at("spec.finalizers.0"), "kubernetes");
}

TEST_F(HttpOptions, VerbsAndSubresourcesAreOneTable) {
  struct Case {
    const char* method;
    const char* path;
    int status;
  };
  for (const Case& c : {Case{"POST", "pods/p/log", 405}, Case{"PUT", "pods/p/eviction", 405},
                        Case{"DELETE", "pods/p/status", 405}, Case{"GET", "pods/p/binding", 405},
                        Case{"GET", "pods/p/nosuch", 404}, Case{"POST", "configmaps/a/scale", 404},
                        Case{"GET", "bindings", 405}})
    EXPECT_EQ(call(c.method, core(c.path), c.method[0] == 'P' ? "{}" : "").status, c.status) << c.path;
  EXPECT_EQ(call("DELETE", "/api/v1/namespaces").status, 405) << "namespaces go one by one";
}

TEST_F(HttpOptions, NamespacesThatAClusterNeedsAreNotDeleted) {
  for (const char* name : {"default", "kube-system", "kube-public"}) {
    const Answer got = call("DELETE", std::string("/api/v1/namespaces/") + name);
    EXPECT_EQ(got.status, 403);
    EXPECT_EQ(got.message(),
              fmt::format("namespaces \"{}\" is forbidden: this namespace may not be deleted", name));
    EXPECT_EQ(got.at("details.kind"), "namespaces");
  }
  const Answer dry = call("DELETE", "/api/v1/namespaces/kube-node-lease?dryRun=All");
  EXPECT_EQ(dry.status, 200);
  EXPECT_EQ(dry.at("status.phase"), "Terminating") << "what would be";
  EXPECT_EQ(call("GET", "/api/v1/namespaces/kube-node-lease").at("status.phase"), "Active");
}

TEST_F(HttpOptions, ACollectionIsDeletedToItsEndHoweverLong) {
  constexpr int kObjects = 25'000, kPerTxn = 100;
  // Straight into the store: creating them one by one is not what is tested.
  const std::string prefix = "/registry/configmaps/" + ns_ + "/";
  machinery::MutableObject object(api::core::v1::ConfigMap::descriptor());
  object.meta().namespace_ = ns_;
  const api::ResourceInfo& resource = api::resource_of<api::core::v1::ConfigMap>();
  for (int i = 0; i < kObjects; i += kPerTxn) {
    store::Txn txn;
    for (int n = i; n < i + kPerTxn; ++n) {
      object.meta().name = fmt::format("many-{:05}", n);
      txn.success.push_back(
          store::Op::put(prefix + object.meta().name, store::make_bytes(encode_stored(resource, object))));
    }
    ASSERT_TRUE(
        server_->store().txn(std::move(txn), Deadline::after(std::chrono::seconds(5), real_clock())).ok());
  }
  const Answer gone = call("DELETE", core("configmaps"));
  EXPECT_EQ(gone.status, 200) << gone.body.substr(0, 300);
  EXPECT_EQ(gone.count("items"), static_cast<size_t>(kObjects + 1));
  EXPECT_EQ(call("GET", core("configmaps")).count("items"), 0u);
}

TEST_F(HttpOptions, ServicesGetPortsAndRefusalsOverHttp) {
  const auto make = [&](const std::string& name, const std::string& spec) {
    return call("POST", core("services"),
                fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":{{{}}}}})", name, spec));
  };
  const Answer first = make("one", R"("type":"NodePort","ports":[{"port":80,"nodePort":30017}])");
  ASSERT_EQ(first.status, 201) << first.body;
  const Answer second = make("two", R"("type":"NodePort","ports":[{"port":80,"nodePort":30017}])");
  EXPECT_EQ(second.status, 422);
  EXPECT_EQ(
      second.message(),
      "Service \"two\" is invalid: spec.ports[0].nodePort: Invalid value: 30017: provided port is already "
      "allocated");
  const Answer dry = call("POST", core("services?dryRun=All"),
                          R"({"metadata":{"name":"dry"},"spec":{"type":"NodePort","ports":[{"port":80}]}})");
  EXPECT_EQ(dry.status, 201);
  EXPECT_NE(dry.at("spec.ports.0.nodePort"), "");
  const Answer renumbered =
      call("PATCH", core("services/one"), R"([{"op":"replace","path":"/spec/ports","value":[{"port":81}]}])",
           {{"Content-Type", "application/json-patch+json"}});
  EXPECT_EQ(renumbered.at("spec.ports.0.nodePort"), "30017")
      << "a port keeps its number while it keeps its name";
  const Answer plain =
      call("PATCH", core("services/one"), R"({"spec":{"type":"ClusterIP"}})", {{"Content-Type", kMerge}});
  EXPECT_EQ(plain.status, 200) << plain.body;
  EXPECT_EQ(plain.at("spec.ports.0.nodePort"), "");
  EXPECT_EQ(make("two", R"("type":"NodePort","ports":[{"port":80,"nodePort":30017}])").status, 201)
      << "given back with the type";
  const Answer named =
      call("PATCH", core("services/one"),
           R"({"spec":{"type":"ExternalName","externalName":"a.b","clusterIP":"","clusterIPs":null}})",
           {{"Content-Type", kMerge}});
  EXPECT_EQ(named.status, 200) << named.body << "what belongs to addresses goes with them";
  EXPECT_EQ(named.at("spec.ipFamilies"), "");
  EXPECT_EQ(call("DELETE", core("services/two")).status, 200);
  EXPECT_EQ(make("three", R"("type":"NodePort","ports":[{"port":80,"nodePort":30017}])").status, 201)
      << "given back with the service";
}

}  // namespace
}  // namespace mizzen::apiserver::testing
