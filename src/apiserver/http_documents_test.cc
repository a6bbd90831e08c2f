// Who may come in, and what describes the API: discovery, OpenAPI, version, health, metrics.
#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpDocuments : public HttpTest {};

TEST_F(HttpDocuments, WithoutACertificateOnlyHealthAndVersion) {
  for (const char* path : {"/healthz", "/livez", "/readyz", "/version", "/livez/ping"})
    EXPECT_EQ(server_->anonymous("GET", path).status, 200) << path;
  for (const char* path : {"/api/v1/pods", "/api", "/metrics", "/openapi/v2"}) {
    const Answer refused = server_->anonymous("GET", path);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_EQ(refused.message(), "Unauthorized");
    EXPECT_EQ(refused.at("reason"), "Unauthorized");
  }
  EXPECT_EQ(server_->anonymous("GET", "/healthz", {{"Authorization", "Bearer wrong"}}).status, 401);
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
  const http::Headers wanted{
      {"Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}};
  for (const char* path : {"/api", "/apis"}) {
    const Answer all = call("GET", path, "", wanted);
    ASSERT_EQ(all.status, 200);
    EXPECT_EQ(all.at("kind"), "APIGroupDiscoveryList");
    EXPECT_EQ(all.at("apiVersion"), "apidiscovery.k8s.io/v2");
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
  EXPECT_NE(call("GET", "/metrics").body.find("# TYPE apiserver_request_total counter"), std::string::npos);
  EXPECT_EQ(call("POST", "/healthz", "{}").status, 405);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
