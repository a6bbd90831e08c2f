// Resources that come and go while the server runs.
#include <fmt/format.h>

#include <atomic>

#include "apiserver/testing/running_server.h"
#include "apiserver/testing/test_resource.h"
#include "async/stop.h"
#include "async/thread.h"

namespace mizzen::apiserver::testing {
namespace {

constexpr const char* kNone = "the server could not find the requested resource";

class HttpResources : public HttpTest {
 protected:
  void TearDown() override {
    const api::RegistryPtr now = server_->resources().registry();
    if (const auto* left = now->find("test.dev", "v1", "widgets"))
      EXPECT_TRUE(server_->resources().remove(*left).ok());
  }
  api::ResourcePtr add() {
    auto added = server_->resources().add(test_resource("widget", "Widget"));
    EXPECT_TRUE(added.ok()) << added.error().message();
    return added.ok() ? *added : nullptr;
  }
  void remove(const api::ResourcePtr& widgets) {
    const auto removed = server_->resources().remove(*widgets);
    EXPECT_TRUE(removed.ok()) << removed.error().message();
  }
  std::string widgets(const std::string& rest = "") const { return group("test.dev/v1", "widgets" + rest); }
  static std::string widget(const std::string& name, const std::string& value = "v") {
    return fmt::format(
        R"({{"apiVersion":"test.dev/v1","kind":"Widget","metadata":{{"name":"{}"}},"data":{{"k":"{}"}}}})",
        name, value);
  }
  Answer merge(const std::string& path, const std::string& body) {
    http::Headers headers;
    headers.set("Content-Type", "application/merge-patch+json");
    return call("PATCH", path, body, headers);
  }
  Answer aggregated(const std::string& path) {
    http::Headers headers;
    headers.set("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    return call("GET", path, "", headers);
  }
};

TEST_F(HttpResources, EveryVerbWorksOnceItHasCome) {
  EXPECT_EQ(call("GET", widgets()).message(), kNone);
  const auto resource = add();
  EXPECT_EQ(call("POST", widgets(), widget("a")).status, 201);
  const Answer got = call("GET", widgets("/a"));
  EXPECT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(got.at("kind") + " " + got.at("apiVersion"), "Widget test.dev/v1");
  EXPECT_EQ(call("PUT", widgets("/a"), widget("a", "w")).at("data.k"), "w");
  EXPECT_EQ(merge(widgets("/a"), R"({"data":{"k":"x"}})").at("data.k"), "x");
  EXPECT_EQ(call("POST", widgets(), widget("b")).status, 201);
  EXPECT_EQ(call("POST", widgets(), widget("b")).message(), "widgets.test.dev \"b\" already exists");
  EXPECT_EQ(call("GET", widgets()).at("kind"), "WidgetList");
  EXPECT_EQ(call("GET", widgets()).count("items"), 2u);
  EXPECT_EQ(call("GET", "/apis/test.dev/v1/widgets").count("items"), 2u);
  EXPECT_EQ(call("DELETE", widgets("/a")).at("details.group"), "test.dev");
  EXPECT_EQ(call("GET", widgets("/a")).message(), "widgets.test.dev \"a\" not found");
  EXPECT_EQ(call("DELETE", widgets()).status, 200);
  EXPECT_EQ(call("GET", widgets()).count("items"), 0u);
  EXPECT_EQ(call("GET", core("configmaps/b")).status, 404) << "it is no ConfigMap";
  remove(resource);
}

TEST_F(HttpResources, DocumentsAndMetricsTellOfItWhileItIsThere) {
  const auto told = [&](const std::string& path, const std::string& text) {
    return call("GET", path).body.find(text) != std::string::npos;
  };
  const auto in_openapi = [&] {
    return told("/openapi/v2", "/apis/test.dev/v1/namespaces/{namespace}/widgets");
  };
  EXPECT_FALSE(in_openapi());
  const std::string before = call("GET", "/openapi/v3").body;
  const auto resource = add();
  EXPECT_TRUE(told("/apis", "\"test.dev\""));
  EXPECT_EQ(call("GET", "/apis/test.dev/v1").at("resources.0.shortNames.0"), "wid");
  EXPECT_NE(aggregated("/apis").body.find("\"resource\":\"widgets\""), std::string::npos);
  EXPECT_TRUE(in_openapi());
  EXPECT_TRUE(told("/openapi/v3", "apis/test.dev/v1"));
  EXPECT_TRUE(told("/openapi/v3/apis/test.dev/v1", "createTestDevV1NamespacedWidget"));
  EXPECT_EQ(call("POST", widgets(), widget("a")).status, 201);
  EXPECT_TRUE(told("/metrics", R"(apiserver_resource_objects{group="test.dev",resource="widgets"} 1)"));
  EXPECT_TRUE(told("/metrics", R"(verb="POST",dry_run="",group="test.dev",version="v1",resource="widgets")"));
  EXPECT_TRUE(
      told("/metrics", R"(etcd_requests_total{operation="create",group="test.dev",resource="widgets"})"));
  EXPECT_EQ(call("DELETE", widgets("/a")).status, 200);
  remove(resource);
  EXPECT_FALSE(told("/apis", "\"test.dev\""));
  EXPECT_EQ(call("GET", "/apis/test.dev/v1").status, 404);
  EXPECT_EQ(aggregated("/apis").body.find("\"resource\":\"widgets\""), std::string::npos);
  EXPECT_FALSE(in_openapi());
  EXPECT_EQ(call("GET", "/openapi/v3").body, before);
  EXPECT_FALSE(told("/metrics", R"(apiserver_resource_objects{group="test.dev")"));
}

TEST_F(HttpResources, ItsWatchesEndInOrderWhenItGoes) {
  const auto resource = add();
  EXPECT_EQ(call("POST", widgets(), widget("a")).status, 201);
  auto events = server_->watch("/apis/test.dev/v1/widgets?watch=true");
  auto others = server_->watch(core("configmaps?watch=true"));
  EXPECT_EQ(events.next_line(), "ADDED " + ns_ + "/a");
  EXPECT_EQ(call("PUT", widgets("/a"), widget("a", "w")).status, 200);
  EXPECT_EQ(events.next_line(), "MODIFIED " + ns_ + "/a");
  remove(resource);
  EXPECT_EQ(events.next_line(), "END") << "as upstream: no event tells of it";
  EXPECT_EQ(call("GET", "/apis/test.dev/v1/widgets?watch=true").message(), kNone);
  for (const char* method : {"GET", "PUT", "DELETE"})
    EXPECT_EQ(call(method, widgets("/a"), widget("a")).message(), kNone) << method;
  EXPECT_EQ(call("POST", widgets(), widget("b")).message(), kNone);
  EXPECT_EQ(call("DELETE", widgets()).message(), kNone);
  create_config("c");
  EXPECT_EQ(others.next_line(), "ADDED " + ns_ + "/c") << "the watches of others go on";
}

TEST_F(HttpResources, AListUnderWayEndsWholeWhenItGoes) {
  auto resource = add();
  const std::string payload(200'000, 'x');
  for (int i = 0; i < 30; ++i)
    ASSERT_EQ(call("POST", widgets(), widget(fmt::format("w{:02}", i), payload)).status, 201);
  auto list = server_->watch(widgets());  // six megabytes, of which nothing is read yet
  EXPECT_EQ(list.status(), 200);
  remove(resource);
  const auto whole = codec::Value::parse(list.rest());
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->find("items")->items().size(), 30u);
}

TEST_F(HttpResources, ItsCacheGoesWithItsLastRequest) {
  auto resource = add();
  EXPECT_EQ(call("POST", widgets(), widget("a")).status, 201);
  auto events = server_->watch(widgets("?watch=true"));
  EXPECT_EQ(events.next_line(), "ADDED " + ns_ + "/a");
  const std::weak_ptr<ResourceStore> store = server_->server().core().find(*resource);
  const std::weak_ptr<const api::ResourceInfo> names = resource;
  ASSERT_FALSE(store.expired());
  remove(resource);
  resource.reset();
  EXPECT_EQ(events.next_line(), "END");
  const Deadline deadline = Deadline::after(std::chrono::seconds(5), real_clock());
  StopSource never;
  while (!store.expired() && !deadline.expired())
    (void)never.token().wait_until(Deadline::after(std::chrono::milliseconds(5), real_clock()));
  EXPECT_TRUE(store.expired());
}

TEST_F(HttpResources, ItComesAgainWithWhatTheStoreHas) {
  const auto first = add();
  EXPECT_EQ(call("POST", widgets(), widget("a", "kept")).status, 201);
  remove(first);
  const auto second = add();
  EXPECT_NE(first, second);
  EXPECT_EQ(call("GET", widgets("/a")).at("data.k"), "kept");
  auto events = server_->watch(widgets("?watch=true"));
  EXPECT_EQ(events.next_line(), "ADDED " + ns_ + "/a");
  EXPECT_EQ(call("POST", widgets(), widget("b")).status, 201);
  EXPECT_EQ(events.next_line(), "ADDED " + ns_ + "/b");
  EXPECT_FALSE(server_->resources().remove(*first).ok()) << "the one that went is another";
  auto twice = server_->resources().add(test_resource("widget", "Widget"));
  EXPECT_EQ(twice.error().code(), Code::AlreadyExists);
}

TEST_F(HttpResources, RequestsOfManyClientsMeetItComingAndGoing) {
  std::atomic<bool> over = false;
  std::atomic<int> served = 0, refused = 0, strange = 0;
  const auto note = [&](const Answer& a) {
    if (a.status >= 200 && a.status < 300) {
      ++served;
    } else if (a.message() == kNone || a.status == 409 || a.status == 404) {
      ++refused;
    } else {
      ++strange;
      ADD_FAILURE() << a.status << " " << a.body;
    }
  };
  std::vector<std::unique_ptr<Thread>> clients;
  for (int c = 0; c < 3; ++c)
    clients.push_back(std::make_unique<Thread>("client", [&, c] {
      for (int i = 0; !over; ++i) {
        const std::string name = fmt::format("w{}-{}", c, i % 5);
        note(call("POST", widgets(), widget(name)));
        note(call("GET", widgets()));
        note(merge(widgets("/" + name), R"({"data":{"k":"x"}})"));
        note(call("DELETE", i % 7 == 0 ? widgets() : widgets("/" + name)));
      }
    }));
  clients.push_back(std::make_unique<Thread>("watcher", [&] {
    while (!over) {
      auto events = server_->watch(widgets("?watch=true"));
      if (events.status() != 200) continue;
      for (std::string line; line != "END" && line != "SILENT" && !over;) line = events.next_line();
    }
  }));
  for (int round = 0; round < 12; ++round) {
    const auto resource = add();
    const int before = served;
    const Deadline deadline = Deadline::after(std::chrono::seconds(20), real_clock());
    while (served < before + 20 && !deadline.expired()) (void)call("GET", widgets("/none"));
    EXPECT_GE(served, before + 20) << "round " << round;
    remove(resource);
    EXPECT_EQ(call("GET", widgets()).message(), kNone);
  }
  over = true;
  clients.clear();
  EXPECT_EQ(strange, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
