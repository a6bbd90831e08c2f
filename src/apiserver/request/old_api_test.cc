#include "apiserver/request/old_api.h"

#include <gtest/gtest.h>

namespace mizzen::apiserver {
namespace {

std::string request(const std::string& method, const std::string& path, const std::string& query) {
  const auto made = old_request(method, *http::split_path(path), *http::Query::parse(query));
  return made ? made->path + "?" + made->query.encode() : "";
}

TEST(OldApi, PathsAndQueriesBecomeThoseOfV1) {
  EXPECT_EQ(request("POST", "/api/v1beta1/pods", "namespace=ns"), "/api/v1/namespaces/ns/pods?");
  EXPECT_EQ(request("POST", "/api/v1beta1/pods", ""), "/api/v1/namespaces/default/pods?");
  EXPECT_EQ(request("GET", "/api/v1beta1/pods", "labels=a%3Db&fields=x%3Dy"),
            "/api/v1/pods?labelSelector=a%3Db&fieldSelector=x%3Dy");
  EXPECT_EQ(request("GET", "/api/v1beta1/replicationControllers/rc", "namespace=ns"),
            "/api/v1/namespaces/ns/replicationcontrollers/rc?");
  EXPECT_EQ(request("GET", "/api/v1beta1/minions/m", ""), "/api/v1/nodes/m?");
  EXPECT_EQ(request("GET", "/api/v1beta1/pods/p/log", "namespace=ns&follow=true"),
            "/api/v1/namespaces/ns/pods/p/log?follow=true");
  for (const char* path : {"/api/v1/pods", "/api/v1beta1", "/api/v1beta1/deployments", "/apis/v1beta1/pods"})
    EXPECT_EQ(request("GET", path, ""), "") << path;
}

TEST(OldApi, BodiesAreOfTheVersionAndKindOfThePath) {
  const auto& pods = *api::v1beta1::find_resource("pods");
  std::vector<std::string> unknown;
  const auto body = [&](const std::string& text) {
    const auto made = body_of_old(pods, api::Verb::Create, text, "", unknown);
    return made.ok() ? *made : "! " + made.error().message();
  };
  EXPECT_EQ(body(R"({"kind":"Pod","apiVersion":"v1beta1","id":"p","more":1})"),
            R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}})");
  EXPECT_EQ(unknown, std::vector<std::string>{"more"});
  EXPECT_EQ(body("id: p\n"), R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}})");
  EXPECT_EQ(body(R"({"kind":"Pod","apiVersion":"v1"})"),
            "! the API version in the data (v1) does not match the expected API version (v1beta1)");
  EXPECT_EQ(body(R"({"kind":"Service","apiVersion":"v1beta1","id":"s"})"),
            "! the kind in the data does not match the expected kind (Pod)");
}

}  // namespace
}  // namespace mizzen::apiserver
