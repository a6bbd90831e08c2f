#include "rest/reviews/reviews.h"

#include "rest/testing/scripted_server.h"

namespace mizzen::rest {
namespace {

constexpr const char* kTokens = "/apis/authentication.k8s.io/v1/tokenreviews";
constexpr const char* kAccess = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

class ReviewsTest : public testing::ScriptedServer {
 protected:
  Reviews reviews_{std::make_shared<Sender>(loops_, runtime_, config())};
};

TEST_F(ReviewsTest, AnswersAreTheServers) {
  script(kTokens, {.status = 201,
                   .body = R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{},
                     "spec":{"token":"t"},"status":{"authenticated":true,"user":{"username":"jane",
                     "groups":["staff"],"extra":{"a":["b"]}}}})"});
  const auto token = reviews_.token("t", {});
  ASSERT_TRUE(token.ok()) << token.error().message();
  EXPECT_TRUE(token->authenticated);
  EXPECT_EQ(token->user.username, "jane");
  EXPECT_EQ(token->user.groups, (std::vector<std::string>{"staff"}));
  script(kAccess, {.status = 201, .body = R"({"status":{"allowed":false,"reason":"no"}})"});
  const auto access = reviews_.access({}, {});
  ASSERT_TRUE(access.ok());
  EXPECT_FALSE(access->allowed);
  EXPECT_EQ(asked(),
            (std::vector<std::string>{std::string("POST ") + kTokens, std::string("POST ") + kAccess}));
}

TEST_F(ReviewsTest, AServerWithoutThemIsNotFound) {
  script(kAccess, {.status = 404, .body = "404 page not found", .content_type = "text/plain"});
  const auto access = reviews_.access({}, {});
  ASSERT_FALSE(access.ok());
  EXPECT_EQ(access.error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::rest
