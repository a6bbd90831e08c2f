// Watches over HTTP: where they start, what they say, how they end.
#include <fmt/format.h>

#include "apiserver/testing/running_server.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpWatch : public HttpTest {
 protected:
  EventStream watch(const std::string& query, http::Headers headers = {}) {
    return server_->watch(core("configmaps?watch=true&" + query), std::move(headers));
  }
  std::string path(const std::string& name) const { return ns_ + "/" + name; }
};

TEST_F(HttpWatch, WithoutARevisionItStartsWithWhatIsThere) {
  create_config("a");
  auto events = watch("");
  EXPECT_EQ(events.status(), 200);
  EXPECT_EQ(events.headers().get("Content-Type"), "application/json");
  EXPECT_EQ(events.next_line(), "ADDED " + path("a"));
  create_config("b");
  EXPECT_EQ(events.next_line(), "ADDED " + path("b"));
  call("PUT", core("configmaps/b"), R"({"metadata":{"name":"b"},"data":{"x":"y"}})");
  EXPECT_EQ(events.next_line(), "MODIFIED " + path("b"));
  const std::string before = call("GET", core("configmaps/b")).at("metadata.resourceVersion");
  call("DELETE", core("configmaps/b"));
  const auto gone = events.next();
  ASSERT_TRUE(gone);
  EXPECT_EQ(at(*gone, "type"), "DELETED");
  EXPECT_EQ(at(*gone, "object.data.x"), "y");
  EXPECT_NE(at(*gone, "object.metadata.resourceVersion"), before) << "the revision of the deletion";
  EXPECT_EQ(at(*gone, "object.kind"), "ConfigMap");
}

TEST_F(HttpWatch, FromARevisionOnlyWhatCameAfter) {
  const std::string then = create_config("a").at("metadata.resourceVersion");
  create_config("b");
  auto events = watch("resourceVersion=" + then);
  EXPECT_EQ(events.next_line(), "ADDED " + path("b"));
}

TEST_F(HttpWatch, InitialEventsEndWithABookmark) {
  const std::string newest = create_config("a").at("metadata.resourceVersion");
  auto events = watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  EXPECT_EQ(events.next_line(), "ADDED " + path("a"));
  const auto mark = events.next();
  ASSERT_TRUE(mark);
  EXPECT_EQ(at(*mark, "type"), "BOOKMARK");
  EXPECT_EQ(at(*mark, "object.kind"), "ConfigMap");
  EXPECT_EQ(
      mark->find("object")->find("metadata")->find("annotations")->find("k8s.io/initial-events-end")->text(),
      "true");
  EXPECT_GE(std::stoll(at(*mark, "object.metadata.resourceVersion")), std::stoll(newest));

  create_config("b");
  auto later = watch("sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0");
  create_config("c");
  EXPECT_EQ(later.next_line(), "ADDED " + path("c"));
}

TEST_F(HttpWatch, AListInTheStreamFromTheFutureEndsWithAnErrorEvent) {
  auto events = watch(
      "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion="
      "999999");
  EXPECT_EQ(events.status(), 200);
  const auto error = events.next();
  ASSERT_TRUE(error);
  EXPECT_EQ(at(*error, "type"), "ERROR");
  EXPECT_EQ(at(*error, "object.code"), "504");
  EXPECT_EQ(at(*error, "object.message").find("Timeout: Too large resource version: 999999, current: "), 0u);
  EXPECT_EQ(events.next_line(), "END");
}

TEST_F(HttpWatch, WhatIsTooOldEndsWithAnErrorEvent) {
  auto events = watch("resourceVersion=1");
  EXPECT_EQ(events.status(), 200);
  const auto error = events.next();
  ASSERT_TRUE(error);
  EXPECT_EQ(at(*error, "type"), "ERROR");
  EXPECT_EQ(at(*error, "object.kind"), "Status");
  EXPECT_EQ(at(*error, "object.code"), "410");
  EXPECT_EQ(at(*error, "object.reason"), "Expired");
  EXPECT_EQ(at(*error, "object.message").find("too old resource version: 1 ("), 0u);
  EXPECT_EQ(events.next_line(), "END");
}

TEST_F(HttpWatch, SelectorsTurnChangesIntoAdditionsAndDeletions) {
  create_config("a");
  auto events = watch("labelSelector=on");
  const auto label = [&](const char* value) {
    return call("PATCH", core("configmaps/a"),
                fmt::format(R"({{"metadata":{{"labels":{{"on":{}}}}}}})", value),
                {{"Content-Type", "application/merge-patch+json"}});
  };
  label("\"1\"");
  EXPECT_EQ(events.next_line(), "ADDED " + path("a"));
  label("\"2\"");
  EXPECT_EQ(events.next_line(), "MODIFIED " + path("a"));
  const std::string after = label("null").at("metadata.resourceVersion");
  const auto left = events.next();
  ASSERT_TRUE(left);
  EXPECT_EQ(at(*left, "type"), "DELETED");
  EXPECT_EQ(at(*left, "object.metadata.labels.on"), "2") << "the state that matched last";
  EXPECT_EQ(at(*left, "object.metadata.resourceVersion"), after);
}

TEST_F(HttpWatch, TimeoutSecondsEndsItInOrder) {
  auto events = watch("timeoutSeconds=1");
  EXPECT_EQ(events.next_line(), "END");
}

TEST_F(HttpWatch, ATimeoutThatIsNotWaitedForAnyMoreKeepsNothing) {
  const auto timers = [] {
    std::atomic<size_t> out = 0;
    for (size_t i = 0; i < server_->loops().size(); ++i) {
      http::Loop& loop = server_->loops().at(i);
      std::atomic<bool> done = false;
      loop.post([&] {
        out += loop.timers_waiting();
        done = true;
        done.notify_all();
      });
      done.wait(false);
    }
    return out.load();
  };
  constexpr size_t kWatches = 50;
  constexpr size_t kOthers = 10;  // of connections, which come and go
  size_t open = 0;
  {
    std::vector<EventStream> streams;
    for (size_t i = 0; i < kWatches; ++i) streams.push_back(watch("timeoutSeconds=3600"));
    for (auto& s : streams) EXPECT_EQ(s.status(), 200);
    open = timers();
    EXPECT_GE(open, kWatches);
  }
  // The server hears of it a little later.
  const Deadline deadline = Deadline::after(std::chrono::seconds(10), real_clock());
  while (timers() > open - kWatches + kOthers && !deadline.expired()) call("GET", "/version");
  EXPECT_LE(timers(), open - kWatches + kOthers) << "the timers of watches that have ended went with them";
}

TEST_F(HttpWatch, OneObjectByNameAndByOldPath) {
  create_config("a");
  create_config("b");
  auto field = watch("fieldSelector=metadata.name%3Db");
  EXPECT_EQ(field.next_line(), "ADDED " + path("b"));
  auto old = server_->watch("/api/v1/watch/namespaces/" + ns_ + "/configmaps");
  EXPECT_EQ(old.next_line(), "ADDED " + path("a"));
  EXPECT_EQ(old.next_line(), "ADDED " + path("b"));
  auto single = server_->watch("/api/v1/watch/namespaces/" + ns_ + "/configmaps/b");
  EXPECT_EQ(single.next_line(), "ADDED " + path("b"));
}

TEST_F(HttpWatch, BadOptionsAreRefusedBeforeTheStream) {
  const auto get = [&](const std::string& query) { return call("GET", core("configmaps?watch=1&" + query)); };
  EXPECT_EQ(get("resourceVersion=x").status, 500);
  EXPECT_EQ(get("resourceVersion=x").message(),
            "resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax");
  EXPECT_NE(
      get("sendInitialEvents=true&resourceVersionMatch=Exact")
          .message()
          .find("resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\""),
      std::string::npos);
  EXPECT_EQ(call("POST", "/api/v1/watch/namespaces/" + ns_ + "/configmaps", "{}").status, 405);
  EXPECT_NE(get("sendInitialEvents=true")
                .message()
                .find("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
            std::string::npos);
  EXPECT_EQ(get("resourceVersionMatch=NotOlderThan").status, 422);
  const Answer yaml = call("GET", core("configmaps?watch=1"), "", {{"Accept", "application/yaml"}});
  EXPECT_EQ(yaml.status, 406);
  EXPECT_NE(yaml.body.find("application/json;stream=watch"), std::string::npos);
}

TEST_F(HttpWatch, ProtobufComesInFrames) {
  create_config("a");
  auto events = watch("", {{"Accept", "application/vnd.kubernetes.protobuf"}});
  EXPECT_EQ(events.headers().get("Content-Type"), "application/vnd.kubernetes.protobuf;stream=watch");
  const auto frame = events.next_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->substr(0, 7), std::string("\x0a\x05", 2) + "ADDED");
  EXPECT_NE(frame->find(std::string("k8s\0", 4)), std::string::npos) << "the object is enveloped";
  create_config("b");
  const auto second = events.next_frame();
  ASSERT_TRUE(second);
  EXPECT_NE(second->find("\x01"
                         "b"),
            std::string::npos);
}

TEST_F(HttpWatch, TablesNameTheirColumnsOnce) {
  create_config("a");
  create_config("b");
  auto events = watch("", {{"Accept", "application/json;as=Table;g=meta.k8s.io;v=v1"}});
  const auto first = events.next(), second = events.next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(at(*first, "object.kind"), "Table");
  EXPECT_EQ(at(*first, "object.columnDefinitions.0.name"), "Name");
  EXPECT_EQ(at(*first, "object.rows.0.cells.0"), "a");
  EXPECT_EQ(at(*second, "object.columnDefinitions.0.name"), "");
  EXPECT_EQ(at(*second, "object.rows.0.cells.0"), "b");
}

TEST_F(HttpWatch, ManyWritesArriveInOrderAndComplete) {
  auto events = watch("");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(create_config(fmt::format("c{}", i)).status, 201);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(events.next_line(), "ADDED " + path(fmt::format("c{}", i)));
}

}  // namespace
}  // namespace mizzen::apiserver::testing
