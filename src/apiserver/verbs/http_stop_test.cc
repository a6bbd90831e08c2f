// A server that stops while clients read, write and watch: everybody is told, and nothing of it is used after
// it.
#include <fmt/format.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/testing/running_server.h"
#include "async/stop.h"

namespace mizzen::apiserver::testing {
namespace {

using api::core::v1::ConfigMap;
using namespace std::chrono_literals;

class HttpStop : public ::testing::TestWithParam<RunningServer::StoreIs> {
 protected:
  /// Straight into the store.
  static void fill(store::Store& store, int count) {
    const auto& resource = api::resource_of<ConfigMap>();
    store::Txn txn;
    for (int i = 0; i < count; ++i) {
      machinery::MutableObject object(ConfigMap::descriptor());
      auto* c = object.as<ConfigMap>();
      c->metadata.name = fmt::format("c{:06}", i);
      c->metadata.namespace_ = "default";
      c->data.set("k", std::string(200, 'x'));
      txn.success.push_back(store::Op::put(storage_prefix(resource) + "default/" + c->metadata.name,
                                           store::make_bytes(encode_stored(resource, object))));
      if (txn.success.size() < store::kTxnOpsMax && i + 1 < count) continue;
      ASSERT_TRUE(store.txn(std::exchange(txn, {}), Deadline::after(10s, real_clock())).ok());
    }
  }
};

TEST_P(HttpStop, UnderLoad) {
  for (int round = 0; round < 2; ++round) {
    RunningServer server(GetParam());
    fill(server.store(), 20'000);
    const http::Target target = server.target();
    std::atomic<size_t> answered = 0;
    StopSource over;
    const auto ask = [&](const std::string& method, const std::string& path, const std::string& body = "") {
      http::ClientRequest request;
      request.method = method;
      request.target = target;
      request.path = path;
      if (!body.empty()) request.headers.set("Content-Type", "application/json");
      if (!body.empty()) request.body = {http::Slice(body)};
      const auto got = server.client().request(request, {Deadline::after(5s, real_clock()), over.token()});
      if (got.ok()) ++answered;
      return got.ok();
    };
    const std::string all = "/api/v1/namespaces/default/configmaps";
    const std::vector<std::function<void(int)>> loads = {
        [&](int i) {
          ask("POST", all, fmt::format(R"({{"metadata":{{"name":"n{}"}}}})", i));
          ask("PUT", all + "/c000001",
              fmt::format(R"({{"metadata":{{"name":"c000001"}},"data":{{"k":"{}"}}}})", i));
          ask("DELETE", fmt::format("{}/n{}", all, i));
        },
        [&](int) { ask("GET", all + "?labelSelector=none%3Dsuch"); },
        [&](int) { ask("GET", all + "?fieldSelector=metadata.name%3Dnone"); },
        [&](int) { ask("GET", all); },
        [&](int i) { ask("DELETE", fmt::format("{}?limit={}", all, 20 + i)); },
        [&](int i) { ask("GET", fmt::format("{}/c000001?resourceVersion={}", all, 1'000'000 + i)); },
        [&](int) {
          http::ClientRequest request;
          request.target = target;
          request.path = all + "?watch=true";
          auto reader = server.client().open(request, {Deadline::after(5s, real_clock()), over.token()});
          for (int n = 0; reader.ok() && n < 20; ++n)
            if (!(*reader)->read({Deadline::after(100ms, real_clock()), over.token()}).ok()) break;
        },
    };
    std::vector<Thread> threads;
    for (const auto& load : loads)
      for (int twice = 0; twice < 2; ++twice)
        threads.emplace_back("load", [&load, twice, token = over.token()] {
          for (int i = twice * 100'000; !token.stopped(); ++i) load(i);
        });
    // In the middle of it, not by the clock: a slow machine does as much before it.
    while (answered < 100) (void)StopToken().wait_until(Deadline::after(5ms, real_clock()));
    server.stop_server();
    over.stop();
    for (Thread& t : threads) t.join();
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, HttpStop,
                         ::testing::Values(RunningServer::StoreIs::Here, RunningServer::StoreIs::Elsewhere),
                         [](const auto& info) {
                           return info.param == RunningServer::StoreIs::Here ? "Here" : "Elsewhere";
                         });

}  // namespace
}  // namespace mizzen::apiserver::testing
