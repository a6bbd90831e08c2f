#include "apiserver/request/request_metrics.h"

#include <gtest/gtest.h>

namespace mizzen::apiserver {
namespace {

TEST(RequestLabels, FollowUpstreamsRules) {
  struct Case {
    const char* method;
    const char* path;
    const char* query;
    http::Headers headers;
    RequestLabels labels;  ///< verb, dry run, scope, subresource, client
  };
  const Case kTable[] = {
      {"GET", "/api/v1/pods", "", {}, {"LIST", "", "cluster", "", ""}},
      {"GET", "/api/v1/namespaces/x/pods", "", {}, {"LIST", "", "namespace", "", ""}},
      {"HEAD", "/api/v1/namespaces/x/pods/p", "", {}, {"GET", "", "resource", "", ""}},
      {"GET", "/api/v1/namespaces", "", {}, {"LIST", "", "cluster", "", ""}},
      {"GET", "/api/v1/namespaces/x", "", {}, {"GET", "", "resource", "", ""}},
      {"GET", "/api/v1/pods", "watch=true", {}, {"WATCH", "", "cluster", "", ""}},
      {"GET", "/api/v1/watch/pods", "", {}, {"WATCH", "", "cluster", "", ""}},
      {"POST", "/api/v1/namespaces/x/pods", "dryRun=All", {}, {"POST", "All", "resource", "", ""}},
      {"POST", "/api/v1/namespaces/x/pods", "dryRun=Some", {}, {"POST", "invalid", "resource", "", ""}},
      {"PUT", "/api/v1/namespaces/x/pods/p/status", "", {}, {"PUT", "", "resource", "status", ""}},
      {"PATCH",
       "/apis/apps/v1/namespaces/x/deployments/d",
       "",
       {{"Content-Type", "application/apply-patch+yaml"}},
       {"APPLY", "", "resource", "", ""}},
      {"PATCH",
       "/apis/apps/v1/namespaces/x/deployments/d/scale",
       "",
       {{"Content-Type", "application/merge-patch+json"}},
       {"PATCH", "", "resource", "scale", ""}},
      {"DELETE", "/api/v1/namespaces/x/pods", "", {}, {"DELETE", "", "namespace", "", ""}},
      {"POST", "/api/v1/namespaces/x/pods/p/exec", "", {}, {"CONNECT", "", "resource", "exec", ""}},
      {"GET", "/api/v1/namespaces/x/pods/p/log", "", {}, {"CONNECT", "", "resource", "log", ""}},
      {"GET", "/api/v1/namespaces/x/pods/p/made-up", "", {}, {"GET", "", "resource", "", ""}},
      {"BREW", "/api/v1/pods", "", {}, {"other", "", "cluster", "", ""}},
      {"GET", "/healthz", "", {}, {"GET", "", "", "/healthz", ""}},
      {"GET", "/readyz/etcd", "", {}, {"GET", "", "", "/readyz", ""}},
      {"GET", "/openapi/v3/api/v1", "", {}, {"GET", "", "", "/openapi/v3", ""}},
      {"GET", "/made-up", "", {}, {"GET", "", "", "", ""}},
      {"GET",
       "/api/v1/pods",
       "",
       {{"User-Agent", "kube-scheduler/v1.36.2 (linux)"}},
       {"LIST", "", "cluster", "", "kube-scheduler"}},
      {"GET", "/api/v1/pods", "", {{"User-Agent", "curl/8"}}, {"LIST", "", "cluster", "", ""}},
  };
  for (const Case& c : kTable) {
    const auto query = http::Query::parse(c.query);
    ASSERT_TRUE(query.ok());
    const auto segments = http::split_path(c.path);
    ASSERT_TRUE(segments.ok());
    const RequestInfo info = auth::parse_request(c.method, c.path, *segments, query->has("watch"));
    const RequestLabels got = request_labels(c.method, info, *query, c.headers, c.path);
    EXPECT_EQ(got.verb, c.labels.verb) << c.method << c.path;
    EXPECT_EQ(got.dry_run, c.labels.dry_run) << c.method << c.path;
    EXPECT_EQ(got.scope, c.labels.scope) << c.method << c.path;
    EXPECT_EQ(got.subresource, c.labels.subresource) << c.method << c.path;
    EXPECT_EQ(got.system_client, c.labels.system_client) << c.method << c.path;
  }
}

TEST(RequestMetrics, RememberTheMostThatRanAtOnceBetweenScrapes) {
  Metrics metrics;
  RequestMetrics requests(metrics);
  const auto shown = [&](const std::string& line) {
    return metrics.text().find(line + "\n") != std::string::npos;
  };
  auto a = requests.in_flight(false), b = requests.in_flight(false);
  a.reset();
  b.reset();
  EXPECT_TRUE(shown("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 2"));
  EXPECT_TRUE(shown("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0"));
  const auto c = requests.in_flight(true);
  EXPECT_TRUE(shown("apiserver_current_inflight_requests{request_kind=\"mutating\"} 1"));
}

}  // namespace
}  // namespace mizzen::apiserver
