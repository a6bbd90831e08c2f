#include "apiserver/proxy/proxy_target.h"

#include <gtest/gtest.h>

namespace mizzen::apiserver {
namespace {

namespace v1 = api::core::v1;

TEST(ProxyTarget, NamesAreReadAsUpstreamReadsThem) {
  struct Row {
    const char* id;
    bool valid;
    const char *scheme, *name, *port;
  };
  const Row rows[] = {{"p", true, "", "p", ""},
                      {"p:80", true, "", "p", "80"},
                      {"http:p:80", true, "http", "p", "80"},
                      {"https:p:", true, "https", "p", ""},
                      {":p:80", true, "", "p", "80"},
                      {"ftp:p:80", false, "", "", ""},
                      {":80", false, "", "", ""},
                      {"a:b:c:d", false, "", "", ""},
                      {"", false, "", "", ""}};
  for (const Row& row : rows) {
    const auto got = parse_proxy_name(row.id);
    ASSERT_EQ(got.has_value(), row.valid) << row.id;
    if (!got) continue;
    EXPECT_EQ(got->scheme, row.scheme) << row.id;
    EXPECT_EQ(got->name, row.name) << row.id;
    EXPECT_EQ(got->port, row.port) << row.id;
  }
}

TEST(ProxyTarget, PodsAreCalledAtTheirAddressOnly) {
  v1::Pod pod;
  pod.status.podIP = "10.0.0.5";
  EXPECT_EQ(proxied_pod(pod, {"", "p", ""})->port, 80);
  EXPECT_EQ(proxied_pod(pod, {"https", "p", ""})->port, 443);
  EXPECT_TRUE(proxied_pod(pod, {"https", "p", "8443"})->tls);
  pod.spec.containers.resize(2);
  pod.spec.containers[1].ports.emplace_back().containerPort = 8080;
  EXPECT_EQ(proxied_pod(pod, {"", "p", ""})->port, 8080);
  EXPECT_EQ(proxied_pod(pod, {"", "p", "9"})->str(), "http://10.0.0.5:9");
  EXPECT_FALSE(proxied_pod(pod, {"", "p", "web"}).ok());
  EXPECT_FALSE(proxied_pod(pod, {"", "p", "70000"}).ok());
  for (const char* ip : {"", "127.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0", "255.255.255.255", "::1",
                         "fe80::1", "::ffff:127.0.0.1", "example.com"}) {
    pod.status.podIP = ip;
    const auto refused = proxied_pod(pod, {"", "p", "80"});
    ASSERT_FALSE(refused.ok()) << ip;
    EXPECT_EQ(refused.error().message(), "address not allowed");
  }
}

TEST(ProxyTarget, ServicesOfferTheirReadyPods) {
  v1::Service service;
  auto& port = service.spec.ports.emplace_back();
  port.name = "web";
  port.port = 80;
  v1::Endpoints endpoints;
  auto& subset = endpoints.subsets.emplace_back();
  subset.ports.emplace_back().name = "web";
  subset.ports.back().port = 8080;
  for (const char* name : {"a", "b"}) {
    auto& address = subset.addresses.emplace_back();
    address.ip = std::string("10.0.0.") + (name[0] == 'a' ? "1" : "2");
    address.targetRef.ensure().kind = "Pod";
    address.targetRef->name = name;
  }
  subset.addresses.emplace_back().ip = "10.0.0.3";  // of no pod
  subset.notReadyAddresses.emplace_back().ip = "10.0.0.4";
  std::string seen;
  for (uint64_t seed = 0; seed < 4; ++seed)
    seen += proxied_endpoint(&service, &endpoints, {"", "s", "80"}, seed)->pod;
  EXPECT_EQ(seen, "abab");
  EXPECT_EQ(proxied_endpoint(&service, &endpoints, {"", "s", "web"}, 0)->port, 8080);
  EXPECT_EQ(proxied_endpoint(&service, &endpoints, {"", "s", "81"}, 0).error().message(),
            "no service port 81 found for service \"s\"");
  EXPECT_EQ(proxied_endpoint(&service, &endpoints, {"", "s", ""}, 0).error().message(),
            "no endpoints available for service \"s\"");
  EXPECT_FALSE(proxied_endpoint(&service, nullptr, {"", "s", "web"}, 0).ok());
}

TEST(ProxyTarget, PathsGoOnAsTheyCame) {
  EXPECT_EQ(path_after("/api/v1/namespaces/n/pods/p/proxy", 7), "");
  EXPECT_EQ(path_after("/api/v1/namespaces/n/pods/p/proxy/", 7), "/");
  EXPECT_EQ(path_after("/api/v1/namespaces/n/pods/p/proxy/a%2Fb/c", 7), "/a%2Fb/c");
}

TEST(ProxyTarget, CredentialsAndConnectionFieldsStay) {
  const http::Headers from = {{"Authorization", "Bearer x"},
                              {"Connection", "close, X-Hop"},
                              {"X-Hop", "1"},
                              {"Impersonate-User", "u"},
                              {"Accept", "*/*"},
                              {"Host", "h"},
                              {"Content-Length", "3"},
                              {"Transfer-Encoding", "chunked"}};
  const auto request = passed_on(from, true);
  ASSERT_EQ(request.size(), 1u);
  EXPECT_EQ(request.get("accept"), "*/*");
  EXPECT_TRUE(passed_on(from, false).has("Authorization"));
}

TEST(ProxyTarget, RedirectsOfTheBackendStayBelowTheProxy) {
  const auto passed = [](const char* location) {
    return passed_location(location, "/p/proxy", "10.0.0.5:80", "api:6443");
  };
  EXPECT_EQ(passed("/login?x=1"), "/p/proxy/login?x=1");
  EXPECT_EQ(passed("http://10.0.0.5:80/login"), "/p/proxy/login");
  EXPECT_EQ(passed("https://api:6443/login"), "/p/proxy/login");
  EXPECT_EQ(passed("https://elsewhere/login"), "https://elsewhere/login");
  EXPECT_EQ(passed("login"), "login");
  EXPECT_EQ(passed("//elsewhere/x"), "//elsewhere/x");
}

}  // namespace
}  // namespace mizzen::apiserver
