#include "kubelet/sources/http_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/random.h"
#include "http/server/server.h"
#include "kubelet/testing/told_sink.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ToldSink;

std::string manifest(const std::string& name) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         "}\nspec: {containers: [{name: a, image: i}]}\n";
}

/// S0.20, S2.3: a web server whose answer changes, and a source that is moved on period by period.
class HttpPodsTest : public ::testing::Test {
 protected:
  struct Page {
    int status = 200;
    std::string body;
    std::string location;
  };
  struct Seen {
    int requests = 0;
    std::string header;
  };
  void SetUp() override { ASSERT_TRUE(server_.start().ok()); }
  void TearDown() override { server_.stop(Deadline::after(std::chrono::seconds(1), real_clock())); }
  void serve(const http::ExchangePtr& e) {
    const std::string path = e->request().path;
    const Page page = pages_.with([&](auto& all) { return all[path]; });
    seen_.with([&](auto& all) {
      ++all[path].requests;
      all[path].header = std::string(e->request().headers.get("X-Key"));
    });
    http::Headers headers;
    if (!page.location.empty()) headers.add("Location", page.location);
    e->respond(page.status, std::move(headers), http::Slice(page.body));
  }
  void page(const std::string& path, Page page) {
    pages_.with([&](auto& all) { all[path] = std::move(page); });
  }
  int requests(const std::string& path) {
    return seen_.with([&](auto& all) { return all[path].requests; });
  }
  std::unique_ptr<HttpPods> source(const std::string& path = "/pod.yaml") {
    auto out = std::make_unique<HttpPods>(
        HttpPods::Deps{loops_, pool_, pool_, alarms_, clock_},
        HttpPods::Options{.url = "http://127.0.0.1:" + std::to_string(server_.port()) + path,
                          .headers = {{"X-Key", "secret"}},
                          .node_name = "n"});
    out->start(told_);
    return out;
  }
  /// The next period, until the answer to it was read.
  std::vector<std::string> period(const std::string& path = "/pod.yaml") {
    const int before = requests(path);
    // A period that finds the last answer still being read asks nothing.
    for (int round = 0; round < 20 && requests(path) == before; ++round) {
      clock_.advance(std::chrono::seconds(20));
      alarms_.tick();
      for (int i = 0; i < 500 && requests(path) == before; ++i) ::usleep(1000);
    }
    EXPECT_EQ(requests(path), before + 1) << "one GET a period";
    for (int i = 0; i < 100 && told_size_.empty(); ++i) {
      ::usleep(1000);
      auto more = told_.take();
      told_size_.insert(told_size_.end(), more.begin(), more.end());
    }
    ::usleep(20'000);
    auto more = told_.take();
    told_size_.insert(told_size_.end(), more.begin(), more.end());
    return std::exchange(told_size_, {});
  }

  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  Guarded<std::map<std::string, Page>> pages_;
  Guarded<std::map<std::string, Seen>> seen_;
  http::Server server_{loops_, {}, [this](const http::ExchangePtr& e) { serve(e); }};
  ManualClock clock_;
  Alarms alarms_{clock_, {}};
  ThreadPool pool_{real_clock(), {.name = "disk"}};
  ToldSink told_;
  std::vector<std::string> told_size_;
};

TEST_F(HttpPodsTest, TheDocumentIsAskedForOnceAPeriodAndFollowed) {
  page("/pod.yaml", {.body = manifest("web")});
  const auto pods = source();
  EXPECT_FALSE(pods->asked());
  EXPECT_THAT(period(), ElementsAre("+web-n"));
  EXPECT_TRUE(pods->synced());
  EXPECT_EQ(seen_.with([](auto& all) { return all["/pod.yaml"].header; }), "secret");
  EXPECT_THAT(period(), IsEmpty());
  page("/pod.yaml", {.body = R"([{"version":"v1beta1","id":"one","containers":[{"name":"a","image":"i"}]},
                                 {"version":"v1beta1","id":"two","containers":[{"name":"a","image":"i"}]}])"});
  EXPECT_THAT(period(), ::testing::UnorderedElementsAre("-web-n", "+one-n", "+two-n"));
  pods->stop();
}

TEST_F(HttpPodsTest, AFailureKeepsWhatWas) {
  page("/pod.yaml", {.body = manifest("web")});
  const auto pods = source();
  EXPECT_THAT(period(), ElementsAre("+web-n"));
  for (const Page& bad : {Page{.status = 500, .body = "x"}, Page{.body = ""}, Page{.body = "{"},
                          Page{.body = std::string((10 << 20) + 1, ' ')}}) {
    page("/pod.yaml", bad);
    EXPECT_THAT(period(), IsEmpty());
  }
  page("/pod.yaml", {.body = manifest("web")});
  EXPECT_THAT(period(), IsEmpty()) << "the same again is no change";
  pods->stop();
}

TEST_F(HttpPodsTest, RedirectsAreFollowedSomeTimes) {
  page("/pod.yaml", {.status = 302, .body = "", .location = "/there"});
  page("/there", {.body = manifest("web")});
  page("/round", {.status = 302, .body = "", .location = "/round"});
  const auto pods = source();
  EXPECT_THAT(period(), ElementsAre("+web-n"));
  pods->stop();
  const auto round = source("/round");
  clock_.advance(std::chrono::seconds(20));
  alarms_.tick();
  for (int i = 0; i < 3000 && requests("/round") < 11; ++i) ::usleep(1000);
  ::usleep(20'000);
  EXPECT_EQ(requests("/round"), 11);
  EXPECT_FALSE(round->synced());
  round->stop();
}

}  // namespace
}  // namespace mizzen::kubelet
