#include "kubelet/access/reviewed_callers.h"

#include <gtest/gtest.h>

#include <map>

namespace mizzen::kubelet {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Reviews final : public AccessReviews {
 public:
  Result<std::optional<auth::User>> token(const std::string& token, Deadline) override {
    ++asked;
    if (away) return Error(away_as, "away");
    const auto it = tokens.find(token);
    return it == tokens.end() ? std::optional<auth::User>() : it->second;
  }
  Result<bool> access(const auth::User& user, const std::string& verb, const std::string& subresource,
                      Deadline) override {
    ++asked;
    if (away) return Error(away_as, "away");
    return user.name + " " + verb + " " + subresource == allowed;
  }
  std::map<std::string, auth::User> tokens;
  std::string allowed;
  bool away = false;
  Code away_as = Code::ServiceUnavailable;
  int asked = 0;
};

class ReviewedCallersTest : public ::testing::Test {
 protected:
  /// "200", or the refusal's status and text.
  std::string call(const std::string& method, std::vector<std::string> path, const std::string& token,
                   const std::string& certified = "", std::vector<std::string> organisations = {}) {
    http::Request request;
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    if (!certified.empty()) {
      http::PeerCertificate peer;
      peer.common_name = certified;
      peer.organizations = std::move(organisations);
      request.peer = std::make_shared<const http::PeerCertificate>(peer);
    }
    const auto refused = denial_of(callers_, request, node_call(method, path), Deadline::never());
    return refused ? std::to_string(refused->status) + " " + refused->text : "200";
  }
  ManualClock clock_;
  Reviews reviews_;
  ReviewedCallers callers_{reviews_, clock_, {.client_ca_pem = "ca"}};
};

TEST_F(ReviewedCallersTest, ATokenIsWhoseTheServerSaysAndMayWhatItSays) {
  reviews_.tokens = {{"t", {"jane", {"staff"}}}};
  EXPECT_EQ(call("GET", {"pods"}, ""), "401 Unauthorized");
  EXPECT_EQ(call("GET", {"pods"}, "wrong"), "401 Unauthorized");
  EXPECT_EQ(call("GET", {"pods"}, "t"),
            "403 Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])");
  clock_.advance(minutes(1));
  reviews_.allowed = "jane get pods";
  EXPECT_EQ(call("GET", {"pods"}, "t"), "200");
  EXPECT_EQ(call("POST", {"run", "ns", "p", "c"}, "t"),
            "403 Forbidden (user=jane, verb=create, resource=nodes, subresource(s)=[proxy])");
}

TEST_F(ReviewedCallersTest, ACertificateSaysWhoItIs) {
  reviews_.allowed = "apiserver create proxy";
  EXPECT_EQ(call("POST", {"exec", "ns", "p", "c"}, "", "apiserver"), "200");
}

TEST_F(ReviewedCallersTest, AnswersAreGoodForUpstreamsTimes) {
  reviews_.tokens = {{"t", {"jane", {}}}};
  reviews_.allowed = "jane get stats";
  const auto asks = [&](const std::string& path, const std::string& token) {
    const int before = reviews_.asked;
    call("GET", {path}, token);
    return reviews_.asked - before;
  };
  EXPECT_EQ(asks("stats", "t"), 2);
  EXPECT_EQ(asks("stats", "t"), 0);
  EXPECT_EQ(asks("logs", "t"), 1);
  clock_.advance(seconds(30));
  EXPECT_EQ(asks("logs", "t"), 1) << "a no is over";
  clock_.advance(seconds(90));
  EXPECT_EQ(asks("stats", "t"), 1) << "the token is asked about again";
  clock_.advance(minutes(3));
  EXPECT_EQ(asks("stats", "t"), 2) << "a yes is over";
  EXPECT_EQ(asks("stats", "wrong"), 1);
  EXPECT_EQ(asks("stats", "wrong"), 0) << "a bad token too";
}

TEST_F(ReviewedCallersTest, AServerThatIsAwayIsNoNo) {
  reviews_.away = true;
  EXPECT_EQ(call("GET", {"logs"}, "t"), "401 Unauthorized");
  EXPECT_EQ(call("GET", {"logs"}, "", "jane"),
            "500 Authorization error (user=jane, verb=get, resource=nodes, subresource=log)");
  reviews_.away = false;
  reviews_.allowed = "jane get log";
  EXPECT_EQ(call("GET", {"logs"}, "", "jane"), "200") << "nothing of it was remembered";
}

TEST_F(ReviewedCallersTest, WhereTheServerHasNoReviewsOnlyItsMastersMay) {
  reviews_.away = true;
  reviews_.away_as = Code::NotFound;
  EXPECT_EQ(call("GET", {"logs"}, "", "apiserver", {"system:masters"}), "200");
  EXPECT_EQ(call("GET", {"logs"}, "", "jane", {"staff"}),
            "403 Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[log])");
}

TEST(Remembered, IsBounded) {
  ManualClock clock;
  Remembered<int> remembered(clock);
  for (size_t i = 0; i < Remembered<int>::kMax; ++i) remembered.keep(std::to_string(i), 1, seconds(1));
  remembered.keep("new", 2, seconds(1));
  EXPECT_EQ(remembered.find("new"), 2);
  EXPECT_EQ(remembered.find("0"), std::nullopt);
}

}  // namespace
}  // namespace mizzen::kubelet
