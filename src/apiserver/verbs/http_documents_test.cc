// Who may come in, and what describes the API: discovery, OpenAPI, version, health, metrics.
#include <fmt/format.h>

#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpDocuments : public HttpTest {};

TEST_F(HttpDocuments, WithoutACertificateOnlyHealthAndVersion) {
  for (const char* path : {"/healthz", "/livez", "/readyz", "/version", "/livez/ping"})
    EXPECT_EQ(server_->anonymous("GET", path).status, 200) << path;
  for (const char* path : {"/", "/api", "/apis", "/metrics", "/openapi/v2", "/nonsense"}) {
    const Answer refused = server_->anonymous("GET", path);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_EQ(refused.message(),
              fmt::format("forbidden: User \"system:anonymous\" cannot get path \"{}\"", path));
    EXPECT_EQ(refused.at("reason"), "Forbidden");
  }
  EXPECT_EQ(server_->anonymous("GET", "/api/v1/namespaces/default/pods").message(),
            "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in "
            "the namespace \"default\"");
  const Answer wrong = server_->anonymous("GET", "/healthz", {{"Authorization", "Bearer wrong"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.message(), "Unauthorized");
}

TEST_F(HttpDocuments, StrangersAreForbiddenInUpstreamsWords) {
  const Answer pods = server_->as("jane", "GET", "/api/v1/namespaces/default/pods/p");
  EXPECT_EQ(pods.status, 403);
  EXPECT_EQ(pods.at("reason"), "Forbidden");
  EXPECT_EQ(pods.message(),
            "pods \"p\" is forbidden: User \"jane\" cannot get resource \"pods\" in API group \"\" in "
            "the namespace \"default\"");
  EXPECT_EQ(server_->as("jane", "GET", "/apis/apps/v1/deployments").message(),
            "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API group "
            "\"apps\" at "
            "the cluster scope");
  EXPECT_EQ(server_->as("jane", "GET", "/metrics").message(),
            "forbidden: User \"jane\" cannot get path \"/metrics\"");
  EXPECT_EQ(server_->as("<jane>", "GET", "/api/v1/namespaces/x/pods/a/log").message(),
            "pods \"a\" is forbidden: User \"&lt;jane&gt;\" cannot get resource \"pods/log\" in API group "
            "\"\" in the "
            "namespace \"x\"");
  EXPECT_EQ(server_->as("jane", "GET", "/api").status, 200);
}

TEST_F(HttpDocuments, GroupsAndResources) {
  const Answer api = call("GET", "/api");
  EXPECT_EQ(api.at("kind"), "APIVersions");
  EXPECT_EQ(api.at("versions.0"), "v1");
  const Answer apis = call("GET", "/apis");
  EXPECT_EQ(apis.at("kind"), "APIGroupList");
  EXPECT_NE(apis.body.find("\"apps/v1beta2\""), std::string::npos);
  const Answer core = call("GET", "/api/v1");
  EXPECT_EQ(core.at("kind"), "APIResourceList");
  EXPECT_EQ(core.at("groupVersion"), "v1");
  EXPECT_NE(core.body.find("\"pods/binding\""), std::string::npos);
  EXPECT_EQ(call("GET", "/apis/apps").at("kind"), "APIGroup");
  EXPECT_EQ(call("GET", "/apis/apps").at("preferredVersion.version"), "v1");
  EXPECT_NE(call("GET", "/apis/apps/v1").body.find("\"deployments/scale\""), std::string::npos);
  EXPECT_EQ(call("GET", "/apis/none/v1").status, 404);
}

TEST_F(HttpDocuments, AggregatedDiscoveryIsCachedByItsTag) {
  for (const auto& [version, path] : std::vector<std::pair<const char*, const char*>>{
           {"v2", "/api"}, {"v2", "/apis"}, {"v2beta1", "/api"}, {"v2beta1", "/apis"}}) {
    const http::Headers wanted{
        {"Accept",
         fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList,application/json",
                     version)}};
    const Answer all = call("GET", path, "", wanted);
    ASSERT_EQ(all.status, 200);
    EXPECT_EQ(all.at("kind"), "APIGroupDiscoveryList");
    EXPECT_EQ(all.at("apiVersion"), std::string("apidiscovery.k8s.io/") + version);
    EXPECT_NE(all.headers.get("Content-Type").find(fmt::format(";v={};", version)), std::string_view::npos);
    EXPECT_GE(all.count("items"), 1u);
    EXPECT_NE(all.headers.get("Content-Type").find("as=APIGroupDiscoveryList"), std::string_view::npos);
    const std::string tag(all.headers.get("ETag"));
    ASSERT_FALSE(tag.empty());
    http::Headers again = wanted;
    again.add("If-None-Match", tag);
    const Answer same = call("GET", path, "", again);
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, "");
  }
}

TEST_F(HttpDocuments, TheFirstFormOfDiscoveryThatIsKnownIsAnswered) {
  const std::string v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const std::string beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
  const std::string unknown = "application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList";
  const std::pair<std::string, std::string> kTable[] = {
      {v2 + "," + beta + ",application/json", "apidiscovery.k8s.io/v2"},
      {beta + "," + v2, "apidiscovery.k8s.io/v2beta1"},
      {unknown + "," + beta, "apidiscovery.k8s.io/v2beta1"},
      {"application/json," + v2, "v1"}};
  for (const auto& [accept, answered] : kTable)
    EXPECT_EQ(call("GET", "/apis", "", {{"Accept", accept}}).at("apiVersion"), answered) << accept;
}

TEST_F(HttpDocuments, OpenApiParses) {
  const Answer two = call("GET", "/openapi/v2");
  EXPECT_EQ(two.status, 200);
  EXPECT_EQ(two.at("swagger"), "2.0");
  ASSERT_NE(two.json.find("definitions"), nullptr);
  EXPECT_NE(two.json.find("definitions")->find("io.k8s.api.core.v1.Pod"), nullptr);
  const Answer proto = call("GET", "/openapi/v2", "",
                            {{"Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}});
  EXPECT_EQ(proto.status, 200);
  EXPECT_NE(proto.body.find("io.k8s.api.core.v1.Pod"), std::string::npos);
  const Answer index = call("GET", "/openapi/v3");
  ASSERT_NE(index.json.find("paths"), nullptr);
  size_t read = 0;
  for (const auto& [name, entry] : index.json.find("paths")->members()) {
    const Answer document = call("GET", at(entry, "serverRelativeURL"));
    EXPECT_EQ(document.status, 200) << name;
    EXPECT_EQ(document.at("openapi").substr(0, 2), "3.") << name;
    ++read;
  }
  EXPECT_GT(read, 3u);
}

TEST_F(HttpDocuments, HealthVersionMetrics) {
  EXPECT_EQ(call("GET", "/healthz").body, "ok");
  EXPECT_NE(call("GET", "/readyz?verbose").body.find("[+]ping ok\n"), std::string::npos);
  EXPECT_EQ(call("GET", "/livez/none").status, 404);
  EXPECT_EQ(call("GET", "/version").at("major"), "1");
  EXPECT_EQ(call("POST", "/healthz", "{}").status, 405);
}

TEST_F(HttpDocuments, MetricsCountRequestsUnderUpstreamsLabels) {
  create_config("a");
  call("GET", core("configmaps/a"));
  call("GET", core("configmaps"));
  call("GET", core("configmaps/none"));
  call("POST", core("configmaps?dryRun=All"), R"({"metadata":{"name":"b"}})");
  call("GET", "/apis/scheduling.k8s.io/v1beta1/priorityclasses");
  call("GET", "/api/v1/nonsense");
  call("GET", core("configmaps"), "", {{"User-Agent", "kube-scheduler/v1.36"}});
  auto events = server_->watch(core("configmaps?watch=1"));
  ASSERT_NE(events.next_line(), "SILENT");
  const std::string text = call("GET", "/metrics").body;
  const char* kTable[] = {
      "apiserver_request_total{verb=\"POST\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"configmaps\","
      "subresource=\"\",scope=\"resource\",component=\"apiserver\",code=\"201\",system_client=\"\"} ",
      "verb=\"POST\",dry_run=\"All\",group=\"\",version=\"v1\",resource=\"configmaps\"",
      "verb=\"GET\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"configmaps\",subresource=\"\",scope="
      "\"resource\","
      "component=\"apiserver\",code=\"404\"",
      "resource=\"configmaps\",subresource=\"\",scope=\"namespace\",component=\"apiserver\",code=\"200\","
      "system_client=\"kube-scheduler\"} 1\n",
      "apiserver_request_duration_seconds_bucket{verb=\"LIST\",dry_run=\"\",group=\"\",version=\"v1\","
      "resource=\"configmaps\",subresource=\"\",scope=\"namespace\",component=\"apiserver\",le=\"60\"} ",
      "apiserver_response_sizes_bucket{verb=\"GET\",group=\"\",version=\"v1\",resource=\"configmaps\"",
      "apiserver_requested_deprecated_apis{group=\"scheduling.k8s.io\",version=\"v1beta1\","
      "resource=\"priorityclasses\",subresource=\"\",removed_release=\"1.22\"} 1\n",
      "apiserver_longrunning_requests{verb=\"WATCH\",group=\"\",version=\"v1\",resource=\"configmaps\","
      "subresource=\"\",scope=\"namespace\",component=\"apiserver\"} 1\n",
      "apiserver_current_inflight_requests{request_kind=\"mutating\"} ",
      "apiserver_watch_events_total{group=\"\",version=\"v1\",resource=\"configmaps\"} ",
      "apiserver_watch_cache_events_received_total{group=\"\",resource=\"configmaps\"} ",
      "apiserver_watch_cache_resource_version{group=\"apps\",resource=\"deployments\"} ",
      "apiserver_resource_objects{group=\"\",resource=\"namespaces\"} ",
      "apiserver_storage_objects{resource=\"priorityclasses.scheduling.k8s.io\"} 2\n",
      "etcd_request_duration_seconds_count{operation=\"create\",group=\"\",resource=\"configmaps\"} ",
      "apiserver_admission_step_admission_duration_seconds_count{operation=\"CREATE\",rejected=\"false\","
      "type=\"admit\"} ",
      "apiserver_admission_controller_admission_duration_seconds_count{name=\"NamespaceLifecycle\",",
      "kubernetes_build_info{major=\"1\",minor=\"36\",",
  };
  for (const char* line : kTable) EXPECT_NE(text.find(line), std::string::npos) << line;
  EXPECT_EQ(text.find("nonsense"), std::string::npos) << "what clients make up is not counted by name";
}

}  // namespace
}  // namespace mizzen::apiserver::testing
