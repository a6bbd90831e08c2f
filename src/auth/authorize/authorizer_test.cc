#include <gtest/gtest.h>

#include "auth/authorize/components.h"
#include "http/message/url.h"

namespace mizzen::auth {
namespace {

struct Case {
  User user;
  const char* method;
  const char* path;
  const char* refusal;  ///< empty: allowed
};

TEST(ComponentAuthorizer, AllowsComponentsAndSaysNoToOthersInUpstreamsWords) {
  const User admin{"admin", {"system:masters", "system:authenticated"}};
  const User node{"system:node:n", {"system:nodes", "system:authenticated"}};
  const User pretender{"system:node:n", {"system:authenticated"}};
  const User eve{"eve", {"system:authenticated"}};
  const User nobody = anonymous();
  const Case cases[] = {
      {admin, "DELETE", "/api/v1/namespaces/x", ""},
      {node, "GET", "/api/v1/pods", ""},
      {pretender, "GET", "/api/v1/pods",
       "pods is forbidden: User \"system:node:n\" cannot list resource \"pods\" in API group \"\" at the "
       "cluster scope"},
      {eve, "GET", "/apis/apps/v1", ""},
      {eve, "GET", "/openapi/v3", ""},
      {eve, "GET", "/metrics", "forbidden: User \"eve\" cannot get path \"/metrics\""},
      {eve, "PUT", "/apis/apps/v1/namespaces/n/deployments/d/scale",
       "deployments.apps \"d\" is forbidden: User \"eve\" cannot update resource \"deployments/scale\" in "
       "API "
       "group \"apps\" in the namespace \"n\""},
      {eve, "GET", "/a<b>", "forbidden: User \"eve\" cannot get path \"/a&lt;b&gt;\""},
      {nobody, "GET", "/healthz", ""},
      {nobody, "GET", "/readyz/etcd", ""},
      {nobody, "GET", "/healthzz", "forbidden: User \"system:anonymous\" cannot get path \"/healthzz\""},
      {nobody, "POST", "/healthz", "forbidden: User \"system:anonymous\" cannot post path \"/healthz\""},
      {nobody, "GET", "/apis", "forbidden: User \"system:anonymous\" cannot get path \"/apis\""},
      {nobody, "POST", "/api/v1/namespaces/default/pods",
       "pods is forbidden: User \"system:anonymous\" cannot create resource \"pods\" in API group \"\" in "
       "the "
       "namespace \"default\""},
  };
  const ComponentAuthorizer authorizer;
  for (const Case& c : cases) {
    const auto segments = http::split_path(c.path);
    ASSERT_TRUE(segments.ok());
    const auto got = authorize(authorizer, c.user, parse_request(c.method, c.path, *segments, false));
    EXPECT_EQ(got.ok() ? "" : got.error().message(), c.refusal) << c.user.name << " " << c.method << c.path;
    if (!got.ok()) EXPECT_EQ(got.error().code(), Code::Forbidden);
  }
}

}  // namespace
}  // namespace mizzen::auth
