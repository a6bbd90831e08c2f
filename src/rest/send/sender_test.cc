#include "rest/send/sender.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "rest/send/retry.h"
#include "rest/testing/scripted_server.h"

namespace mizzen::rest {
namespace {

using SenderTest = testing::ScriptedServer;

Ask get(const std::string& path) {
  Ask out;
  out.path = path;
  return out;
}

TEST_F(SenderTest, AServerThatSaysLaterIsAskedLater) {
  script("/a", {.status = 429, .headers = {{"Retry-After", "0"}}});
  script("/a", {.status = 503, .headers = {{"Retry-After", "0"}}});
  script("/a", {.body = "here"});
  Sender sender(loops_, runtime_, config());
  const auto answer = sender.send(get("/a"), client::Call());
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(asked().size(), 3u);
}

TEST_F(SenderTest, TriesHaveAnEnd) {
  script("/a", {.status = 429, .headers = {{"Retry-After", "0"}}});
  Sender sender(loops_, runtime_, config());
  const auto answer = sender.send(get("/a"), client::Call());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(asked().size(), static_cast<size_t>(Sender::kTriesMax));
}

TEST_F(SenderTest, NoTryBeginsAfterTheDeadline) {
  script("/a", {.status = 429, .headers = {{"Retry-After", "60"}}});
  Sender sender(loops_, runtime_, config());
  client::Call call;
  call.timeout = std::chrono::seconds(5);
  const auto answer = sender.send(get("/a"), call);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SenderTest, ErrorsWithoutAWordAreTakenAsTheyAre) {
  script("/a", {.status = 500});
  Sender sender(loops_, runtime_, config());
  EXPECT_EQ(sender.send(get("/a"), client::Call())->status, 500);
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SenderTest, WhatKeepsALeaseIsNotHeldUpByWhatElseIsAsked) {
  auto slow = config();
  slow.qps = 0.001;
  slow.burst = 1;
  Sender sender(loops_, runtime_, slow);
  script("/x", {.status = 200, .body = "{}"});
  Ask ask;
  ask.method = "GET";
  ask.path = "/x";
  client::Call call;
  call.timeout = std::chrono::milliseconds(200);
  ASSERT_TRUE(sender.send(ask, call).ok());
  EXPECT_FALSE(sender.send(ask, call).ok()) << "the limit";
  call.urgent = true;
  EXPECT_TRUE(sender.send(ask, call).ok());
}

TEST_F(SenderTest, TheBasePathComesFirst) {
  script("/k8s/a", {.body = "here"});
  RestConfig behind = config();
  behind.base_path = "/k8s";
  Sender sender(loops_, runtime_, behind);
  EXPECT_EQ(sender.send(get("/a"), client::Call())->body, "here");
}

TEST(Retry, WhatBreaksIsAskedAgainOnlyWhereNothingChanged) {
  const Error broken(Code::ServiceUnavailable, "EOF");
  EXPECT_TRUE(again_after(broken, "GET"));
  EXPECT_FALSE(again_after(broken, "POST"));
  EXPECT_FALSE(again_after(broken, "DELETE"));
  EXPECT_FALSE(again_after(Error(Code::Timeout, "late"), "GET"));
  http::Response answer;
  answer.status = 404;
  answer.headers.add("Retry-After", "1");
  EXPECT_FALSE(again_after(answer));
  answer.status = 503;
  EXPECT_EQ(again_after(answer), std::chrono::seconds(1));
  answer.headers.set("Retry-After", "soon");
  EXPECT_FALSE(again_after(answer));
}

}  // namespace
}  // namespace mizzen::rest
