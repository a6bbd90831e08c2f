#include <gtest/gtest.h>

#include "apiserver/loopback/loopback.h"
#include "apiserver/testing/running_server.h"
#include "client/testing/conformance.h"
#include "rest/config/kubeconfig.h"
#include "rest/discovery/discover.h"
#include "rest/rest_client.h"

namespace mizzen::apps {
namespace {

using apiserver::testing::RunningServer;
using client::testing::conformance_cases;

Deadline soon() { return Deadline::after(std::chrono::seconds(10), real_clock()); }

/// One server for all cases, as the components of this process see it, and as those elsewhere do.
class Both : public client::testing::ApiUnderTest {
 public:
  explicit Both(RunningServer& server) : server_(server) {}
  void compact() override {
    const auto now = server_.store().current_revision(soon());
    ASSERT_TRUE(now.ok());
    ASSERT_TRUE(server_.store().compact(*now, soon()).ok());
  }
  Runtime runtime() override { return runtime_; }

 protected:
  RunningServer& server_;
  ThreadPool pool_{real_clock(), {.name = "client", .threads_max = 8}};
  Timers timers_{pool_, real_clock()};
  const Runtime runtime_{real_clock(), secure_random(), pool_, timers_};
};

class Within final : public Both {
 public:
  explicit Within(RunningServer& server)
      : Both(server), api_(server.server().loopback({"system:apiserver", {"system:masters"}})) {}
  client::ApiClient& api() override { return api_; }

 private:
  apiserver::Loopback api_;
};

class Elsewhere final : public Both {
 public:
  explicit Elsewhere(RunningServer& server)
      : Both(server),
        sender_(std::make_shared<rest::Sender>(server.loops(), runtime_, config(server))),
        resources_(found()) {}
  client::ApiClient& api() override { return api_; }

 private:
  static rest::RestConfig config(RunningServer& server) {
    auto read = rest::load_kubeconfig(server.server().kubeconfig_path());
    EXPECT_TRUE(read.ok()) << read.error().message();
    read->qps = 0;
    return std::move(*read);
  }
  api::RegistryPtr found() {
    auto first = rest::discover_first(*sender_, *api::builtin(), real_clock(), soon());
    EXPECT_TRUE(first.ok()) << first.error().message();
    return *first;
  }
  const std::shared_ptr<rest::Sender> sender_;
  api::ResourceCatalog resources_;
  rest::RestClient api_{{sender_, resources_, api::builtin(), runtime_}};
};

class ApiClientConformance : public ::testing::TestWithParam<std::tuple<size_t, bool>> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<RunningServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  static std::unique_ptr<RunningServer> server_;
};
std::unique_ptr<RunningServer> ApiClientConformance::server_;

TEST_P(ApiClientConformance, Keeps) {
  const auto [index, elsewhere] = GetParam();
  const std::string ns = std::string(elsewhere ? "rest-" : "loopback-") + std::to_string(index);
  if (elsewhere) {
    Elsewhere under_test(*server_);
    run_case(under_test, index, ns);
  } else {
    Within under_test(*server_);
    run_case(under_test, index, ns);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ApiClientConformance,
                         ::testing::Combine(::testing::Range<size_t>(0, conformance_cases().size()),
                                            ::testing::Bool()),
                         [](const auto& info) {
                           return client::testing::conformance_name(std::get<0>(info.param)) +
                                  (std::get<1>(info.param) ? "Rest" : "Loopback");
                         });

}  // namespace
}  // namespace mizzen::apps
