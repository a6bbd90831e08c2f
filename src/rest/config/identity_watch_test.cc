#include "rest/config/identity_watch.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "http/server/server.h"
#include "linux/testing/scratch.h"
#include "pki/authority.h"
#include "rest/config/kubeconfig.h"
#include "rest/send/sender.h"

namespace mizzen::rest {
namespace {

/// A server that answers with the name in the caller's certificate, and a kubeconfig with files for it.
class IdentityWatchTest : public ::testing::Test {
 protected:
  IdentityWatchTest() {
    http::Server::Options options;
    options.address = "127.0.0.1";
    const auto serving = authority_->issue(
        {.common_name = "s", .ip_addresses = {"127.0.0.1"}, .server = true}, real_clock().wall());
    options.tls =
        http::ServerTlsOptions{serving->certificate_pem, serving->key_pem, authority_->certificate_pem()};
    server_ = std::make_unique<http::Server>(loops_, options, [](http::ExchangePtr e) {
      e->respond_text(200, e->request().peer ? e->request().peer->common_name : "nobody");
    });
    EXPECT_TRUE(server_->start().ok());
    EXPECT_TRUE(write_file(scratch_.at("ca.crt"), authority_->certificate_pem(), 0644).ok());
    EXPECT_TRUE(write_file(scratch_.at("config"),
                           R"({"apiVersion":"v1","kind":"Config","current-context":"x",
                               "contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],
                               "clusters":[{"name":"x","cluster":{"certificate-authority":"ca.crt",
                                 "server":"https://127.0.0.1:)" +
                               std::to_string(server_->port()) + R"("}}],
                               "users":[{"name":"x","user":{"client-certificate":"me.crt","client-key":"me.key"}}]})",
                           0600)
                    .ok());
    put("first");
    const auto config = read();
    EXPECT_TRUE(config.ok()) << config.error().message();
    sender_ = std::make_shared<Sender>(loops_, runtime_, *config);
    watch_ = std::make_unique<IdentityWatch>(
        runtime_,
        IdentityWatch::Options{[this] { return read(); },
                               [this](const auto& tls) { return sender_->renew(tls); }},
        config->tls);
    watch_->start();
  }
  ~IdentityWatchTest() override {
    watch_->stop();
    sender_->stop();
    server_->stop(Deadline::after(Duration::zero(), real_clock()));
    timers_.stop();
    pool_.stop();
  }
  Result<RestConfig> read() { return load_kubeconfig(scratch_.at("config")); }
  void put(const std::string& name) {
    const auto pair = authority_->issue({.common_name = name, .client = true}, real_clock().wall());
    EXPECT_TRUE(write_file(scratch_.at("me.key"), pair->key_pem, 0600).ok());
    EXPECT_TRUE(write_file(scratch_.at("me.crt"), pair->certificate_pem, 0644).ok());
  }
  /// Who the server thinks we are.
  std::string who() {
    const auto answer = sender_->send({.path = "/"}, {});
    return answer.ok() ? answer->body.substr(0, answer->body.find('\n')) : answer.error().message();
  }
  /// All that looks at the time has done so.
  void pass(Duration d) {
    hand_.advance(d);
    timers_.after(-d - Duration(1), [] {});  // wakes the timers
    StopSource done;
    timers_.after(Duration::zero(), [&] { done.stop(); });
    ASSERT_TRUE(done.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  }

  const Result<pki::Authority> authority_ = pki::Authority::create("ca", real_clock().wall());
  linux::ScratchFolder scratch_;
  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  ManualClock hand_;
  ThreadPool pool_{real_clock(), {.threads_max = 1}};
  Timers timers_{pool_, hand_};
  const Runtime runtime_{real_clock(), secure_random(), pool_, timers_};
  std::unique_ptr<http::Server> server_;
  std::shared_ptr<Sender> sender_;
  std::unique_ptr<IdentityWatch> watch_;
};

TEST_F(IdentityWatchTest, ACertificateThatIsRenewedInItsFileIsShown) {
  EXPECT_EQ(who(), "first");
  put("second");
  pass(IdentityWatch::kEvery / 2);
  EXPECT_EQ(who(), "first");
  pass(IdentityWatch::kEvery / 2);
  EXPECT_EQ(who(), "second");
}

TEST_F(IdentityWatchTest, WhatIsHalfWrittenIsReadAgain) {
  ASSERT_TRUE(write_file(scratch_.at("me.crt"), "-----BEGIN CERT", 0644).ok());
  pass(IdentityWatch::kEvery);
  EXPECT_EQ(who(), "first");
  put("second");
  pass(IdentityWatch::kEvery);
  EXPECT_EQ(who(), "second");
}

TEST_F(IdentityWatchTest, NobodyIsToldOnceItHasStopped) {
  watch_->stop();
  put("second");
  pass(IdentityWatch::kEvery);
  EXPECT_EQ(who(), "first");
}

}  // namespace
}  // namespace mizzen::rest
