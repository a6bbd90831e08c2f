#include "rest/watch/rest_watch.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/config_map.h"
#include "client/testing/watch_record.h"
#include "rest/testing/scripted_server.h"

namespace mizzen::rest {
namespace {

using client::testing::WatchRecord;

constexpr const char* kPath = "/api/v1/namespaces/ns/configmaps";

std::string event(const std::string& type, const std::string& name) {
  return R"({"type":")" + type + R"(","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" +
         name + R"(","namespace":"ns","resourceVersion":"7"}}})" + "\n";
}
std::string status(int code, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"why","reason":")" + reason +
         R"(","code":)" + std::to_string(code) + "}";
}
std::string list(const std::string& names, const std::string& token) {
  std::string items;
  for (const char c : names)
    items += std::string(items.empty() ? "" : ",") + R"({"metadata":{"namespace":"ns","name":")" + c + "\"}}";
  return R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"5","continue":")" +
         token + R"("},"items":[)" + items + "]}";
}

class RestWatchTest : public testing::ScriptedServer {
 protected:
  std::unique_ptr<RestWatch> begin(bool with_list) {
    client::ListOptions options;
    options.namespace_ = "ns";
    options.send_initial_events = with_list;
    if (!with_list) options.resource_version = "3";
    return std::make_unique<RestWatch>(RestWatch::Deps{sender_, mode_, runtime_}, *resource_, options,
                                       record_.sink());
  }
  const api::RegistryPtr registry_ = api::builtin();
  const api::ResourcePtr resource_ = registry_->find<api::core::v1::ConfigMap>()->share();
  const std::shared_ptr<Sender> sender_ = std::make_shared<Sender>(loops_, runtime_, config());
  const std::shared_ptr<ListMode> mode_ = std::make_shared<ListMode>(sender_);
  WatchRecord record_;
};

TEST_F(RestWatchTest, EventsComeAsTheyAreSent) {
  script(kPath, {.body = event("ADDED", "a") + event("BOOKMARK", ""), .stays_open = true});
  const auto watch = begin(false);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "BOOKMARK");
  ASSERT_EQ(asked().size(), 1u);
  EXPECT_TRUE(asked()[0].starts_with(
      std::string("GET ") + kPath + "?resourceVersion=3&watch=true&allowWatchBookmarks=true&timeoutSeconds="))
      << asked()[0];
}

TEST_F(RestWatchTest, WhatTheServerSaysInTheStreamEndsIt) {
  const std::string error = R"({"type":"ERROR","object":)" + status(410, "Expired") + "}\n";
  script(kPath, {.body = event("ADDED", "a") + error, .stays_open = true});
  const auto watch = begin(false);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "END Expired");
}

TEST_F(RestWatchTest, AnAnswerThatIsNoStreamIsItsError) {
  script(kPath, {.status = 403, .body = status(403, "Forbidden")});
  const auto watch = begin(false);
  EXPECT_EQ(record_.next(), "END Forbidden");
}

TEST_F(RestWatchTest, TheEndOfTheStreamIsTold) {
  script(kPath, {.body = event("ADDED", "a")});
  const auto watch = begin(false);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "END ServiceUnavailable");
}

TEST_F(RestWatchTest, RubbishIsAnErrorAfterWhatCameBefore) {
  script(kPath, {.body = event("ADDED", "a") + "rubbish\n", .stays_open = true});
  const auto watch = begin(false);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "END InternalError");
}

TEST_F(RestWatchTest, AnOldServerIsListedFirstInPages) {
  script("/version", {.body = R"({"major":"1","minor":"20"})"});
  script(kPath, {.body = list("ab", "more")});
  script(kPath, {.body = list("c", "")});
  script(kPath, {.body = event("ADDED", "d"), .stays_open = true});
  const auto watch = begin(true);
  for (const char* expected : {"ADDED a", "ADDED b", "ADDED c", "BOOKMARK end", "ADDED d"})
    EXPECT_EQ(record_.next(), expected);
  const auto seen = asked();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[1], std::string("GET ") + kPath + "?limit=500");
  EXPECT_EQ(seen[2], std::string("GET ") + kPath + "?limit=500&continue=more");
  EXPECT_TRUE(seen[3].starts_with(std::string("GET ") + kPath + "?resourceVersion=5&watch=true")) << seen[3];
}

TEST_F(RestWatchTest, AServerThatRefusesIsListedFirstFromThenOn) {
  script("/version", {.body = R"({"major":"1","minor":"33+"})"});
  script(kPath, {.status = 422, .body = status(422, "Invalid")});
  script(kPath, {.body = list("a", "")});
  script(kPath, {.body = "", .stays_open = true});
  const auto watch = begin(true);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "BOOKMARK end");
  const auto streams = mode_->streams({soon(), {}});
  ASSERT_TRUE(streams.ok());
  EXPECT_FALSE(*streams);
}

TEST_F(RestWatchTest, AServerThatFailsBeforeTheFirstObjectIsListedToo) {
  script("/version", {.body = R"({"major":"1","minor":"36"})"});
  const std::string error = R"({"type":"ERROR","object":)" + status(500, "InternalError") + "}\n";
  script(kPath, {.body = error, .stays_open = true});
  script(kPath, {.body = list("a", "")});
  script(kPath, {.body = "", .stays_open = true});
  const auto watch = begin(true);
  EXPECT_EQ(record_.next(), "ADDED a");
  EXPECT_EQ(record_.next(), "BOOKMARK end");
}

TEST(ListMode, VersionsThatKnowIt) {
  EXPECT_TRUE(knows_streamed_lists(R"({"major":"1","minor":"27"})"));
  EXPECT_TRUE(knows_streamed_lists(R"({"major":"1","minor":"36+"})"));
  EXPECT_TRUE(knows_streamed_lists(R"({"major":"2","minor":"0"})"));
  EXPECT_FALSE(knows_streamed_lists(R"({"major":"1","minor":"26"})"));
  EXPECT_FALSE(knows_streamed_lists("{}"));
  EXPECT_FALSE(knows_streamed_lists("no"));
}

}  // namespace
}  // namespace mizzen::rest
