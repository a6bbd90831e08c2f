// A store that is elsewhere, as etcd is: every request is answered, and no event loop waits for the store.
#include <fmt/format.h>

#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

TEST(HttpElsewhere, NoRequestAsksTheStoreOnAnEventLoop) {
  RunningServer server(RunningServer::StoreIs::Elsewhere);
  const std::string ns = "/api/v1/namespaces/default";
  const auto expect = [&](int status, const std::string& method, const std::string& path,
                          const std::string& body = "", http::Headers headers = {}) {
    const Answer answer = server.call(method, path, body, std::move(headers));
    EXPECT_EQ(answer.status, status) << method << " " << path << ": " << answer.body;
    return answer;
  };
  const http::Headers merge = {{"Content-Type", "application/merge-patch+json"}};
  expect(201, "POST", ns + "/serviceaccounts", R"({"metadata":{"name":"default"}})");
  for (const char* name : {"a", "b", "c", "d"})
    expect(201, "POST", ns + "/configmaps", fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name));
  expect(200, "PUT", ns + "/configmaps/a", R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
  expect(200, "PATCH", ns + "/configmaps/a", R"({"data":{"k":"w"}})", merge);
  const Answer got = expect(200, "GET", ns + "/configmaps/a");
  const std::string revision = got.at("metadata.resourceVersion");
  EXPECT_EQ(got.at("data.k"), "w") << "what was acknowledged is seen";
  expect(200, "GET", ns + "/configmaps/a?resourceVersion=0");
  expect(200, "GET", ns + "/configmaps/a?resourceVersion=" + revision);
  EXPECT_EQ(expect(200, "GET", ns + "/configmaps").count("items"), 4u);
  const Answer page = expect(200, "GET", ns + "/configmaps?limit=2");
  expect(200, "DELETE", ns + "/configmaps/d");
  EXPECT_EQ(
      expect(200, "GET", ns + "/configmaps?limit=2&continue=" + page.at("metadata.continue")).count("items"),
      2u)
      << "from the store's history";
  expect(200, "GET", ns + "/configmaps?resourceVersionMatch=Exact&resourceVersion=" + revision);
  auto newest = server.watch(ns + "/configmaps?watch=true");
  EXPECT_EQ(newest.next_line(), "ADDED default/a");
  auto resumed = server.watch(ns + "/configmaps?watch=true&resourceVersion=" + revision);
  EXPECT_EQ(resumed.next_line(), "DELETED default/d");
  auto list = server.watch(ns +
                           "/configmaps?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&"
                           "resourceVersionMatch=NotOlderThan&resourceVersion=" +
                           revision);
  EXPECT_EQ(list.next_line(), "ADDED default/a");
  expect(201, "POST", ns + "/pods",
         R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})");
  expect(201, "POST", ns + "/pods/p/binding",
         R"({"metadata":{"name":"p"},"target":{"kind":"Node","name":"nowhere"}})");
  expect(201, "POST", ns + "/pods/p/eviction", R"({"metadata":{"name":"p"}})");
  expect(404, "GET", ns + "/pods/p/log");
  expect(404, "GET", ns + "/services/none/proxy/");
  expect(201, "POST", "/api/v1/namespaces", R"({"metadata":{"name":"gone"}})");
  expect(200, "DELETE", "/api/v1/namespaces/gone");
  expect(200, "DELETE", ns + "/configmaps");
  expect(404, "GET", ns + "/configmaps/a");
  for (const char* document :
       {"/metrics", "/readyz?verbose", "/livez", "/healthz/etcd", "/version", "/api", "/openapi/v3"})
    expect(200, "GET", document);
  EXPECT_EQ(server.elsewhere().on_loops(), std::vector<std::string>());
}

}  // namespace
}  // namespace mizzen::apiserver::testing
