// The API server's certificates as clients meet them while they are renewed.
#include "apiserver/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "api/builtin.h"
#include "base/file.h"
#include "pki/keystore.h"
#include "store/memory/memory_store.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// The system's, but its wall clock is behind.
class LateClock final : public Clock {
 public:
  Monotonic monotonic() const override { return real_clock().monotonic(); }
  WallTime wall() const override { return real_clock().wall() - minutes(behind); }
  std::atomic<int> behind = 10;
};

/// Its certificates last a minute: those made ten minutes ago are expired for everybody else.
class RenewalTest : public ::testing::Test {
 protected:
  RenewalTest() {
    char name[] = "/tmp/mizzen-renewal-XXXXXX";
    folder_ = ::mkdtemp(name);
    ApiServer::Options options;
    options.data_dir = folder_;
    options.address = "127.0.0.1";
    options.port = 0;
    options.certificate_lifetime = minutes(1);
    server_ = std::make_unique<ApiServer>(ApiServer::Deps{clock_, secure_random(), store_, resources_, loops_,
                                                          metrics_, health_, nullptr, &timers_},
                                          options);
    EXPECT_TRUE(server_->init().ok());
    const auto started = server_->start(Deadline::after(seconds(10), real_clock()));
    EXPECT_TRUE(started.ok()) << started.error().message();
  }
  ~RenewalTest() override {
    clients_.clear();
    server_->stop(Deadline::after(Duration::zero(), real_clock()));
    timers_.stop();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  http::Client& client(bool checks) {
    http::Client::Options options;
    options.tls.ca_pem = server_->authority().certificate_pem();
    options.tls.insecure_skip_verify = !checks;
    return *clients_.emplace_back(std::make_unique<http::Client>(loops_, std::move(options)));
  }
  Result<http::Response> version(http::Client& from) {
    http::ClientRequest request;
    request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
    request.path = "/version";
    return from.request(request, {Deadline::after(seconds(5), real_clock()), {}});
  }
  /// All that looks at the time has done so.
  void let_time_pass() {
    clock_.behind = 0;
    hand_.advance(std::chrono::hours(2));
    timers_.after(-std::chrono::hours(3), [] {});  // wakes the timers
    StopSource done;
    timers_.after(Duration::zero(), [&] { done.stop(); });
    ASSERT_TRUE(done.token().wait_until(Deadline::after(seconds(10), real_clock())));
  }

  std::string folder_;
  LateClock clock_;
  ManualClock hand_;
  ThreadPool pool_{real_clock(), {.threads_max = 1}};
  Timers timers_{pool_, hand_};
  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  Metrics metrics_;
  Health health_;
  std::unique_ptr<ApiServer> server_;
  std::vector<std::unique_ptr<http::Client>> clients_;
};

TEST_F(RenewalTest, CertificatesAreRenewedWhileItRunsAndConnectionsLiveOn) {
  http::Client& there_before = client(false);
  ASSERT_TRUE(version(there_before).ok());
  const auto connections = [&] { return there_before.connections(); };
  ASSERT_EQ(connections(), 1u);
  EXPECT_FALSE(version(client(true)).ok()) << "expired";
  const auto before = pki::load_pair(folder_ + "/pki", "admin");
  const auto kubeconfig = read_file(server_->kubeconfig_path());

  let_time_pass();
  const auto fresh = version(client(true));
  EXPECT_TRUE(fresh.ok()) << fresh.error().message();
  EXPECT_TRUE(version(there_before).ok());
  EXPECT_EQ(connections(), 1u) << "the same one";
  for (const char* name : {"apiserver", "apiserver-kubelet-client", "admin"}) {
    const auto pair = pki::load_pair(folder_ + "/pki", name);
    ASSERT_TRUE(pair.ok());
    EXPECT_TRUE(pki::parse_certificate(pair->certificate_pem)->not_after > real_clock().wall()) << name;
  }
  EXPECT_NE(before->certificate_pem, pki::load_pair(folder_ + "/pki", "admin")->certificate_pem);
  EXPECT_NE(*kubeconfig, *read_file(server_->kubeconfig_path()));
}

}  // namespace
}  // namespace mizzen::apiserver
