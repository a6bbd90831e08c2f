#include "store/etcd/etcd_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>

#include "async/stop.h"
#include "async/thread.h"
#include "base/file.h"
#include "pki/authority.h"
#include "rpc/channel.h"
#include "store/contract/errors.h"
#include "store/contract/pages.h"
#include "store/etcd/convert.h"
#include "store/testing/calls.h"
#include "store/testing/conformance.h"
#include "store/testing/etcd_server.h"
#include "store/testing/recorder.h"

namespace mizzen::store {
namespace {

using namespace calls;

/// One etcd for all cases; null where there is none here.
EtcdServer* shared_etcd() {
  static const std::unique_ptr<EtcdServer> server = EtcdServer::start();
  return server.get();
}

std::unique_ptr<EtcdStore> connect(const std::string& address, size_t answer_bytes_max = 64u << 20) {
  auto store =
      EtcdStore::open({.clock = real_clock(), .address = address, .answer_bytes_max = answer_bytes_max},
                      Deadline::after(std::chrono::seconds(20), real_clock()));
  if (!store.ok()) {
    ADD_FAILURE() << store.error().message();
    return nullptr;
  }
  return std::move(*store);
}

class EtcdUnderTest final : public StoreUnderTest {
 public:
  EtcdUnderTest() : store_(connect(shared_etcd()->address())) {}
  Store& store() override { return *store_; }
  void advance(std::chrono::seconds by) override {
    (void)StopToken().wait_until(Deadline::after(by, real_clock()));
  }
  std::string prefix() const override { return prefix_; }

 private:
  static std::string next_prefix() {
    static std::atomic<int> cases{0};
    return "/case-" + std::to_string(++cases) + "/";
  }
  const std::string prefix_ = next_prefix();
  std::unique_ptr<EtcdStore> store_;
};

class EtcdStoreConformance : public testing::TestWithParam<size_t> {};

TEST_P(EtcdStoreConformance, Holds) {
  if (!shared_etcd()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  EtcdUnderTest under_test;
  conformance_cases()[GetParam()].run(under_test);
}

INSTANTIATE_TEST_SUITE_P(Store, EtcdStoreConformance, testing::Range<size_t>(0, conformance_cases().size()),
                         [](const auto& info) { return conformance_name(info.param); });

TEST(EtcdStore, WatchesSurviveARestartOfEtcd) {
  auto server = EtcdServer::start();
  if (!server) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto store = connect(server->address());
  const Revision first = put(*store, "a", "1");
  Recorder recorder;
  auto watch = store->watch({.range = KeyRange::all(), .from = first}, recorder.sink());
  EXPECT_EQ(recorder.wait_events(1).size(), 1u);
  ASSERT_TRUE(server->restart());
  auto other = connect(server->address());
  put(*other, "a", "2");
  const auto events = recorder.wait_events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(view(events[1].kv.value), "2");
  EXPECT_TRUE(store->health(Deadline::after(std::chrono::seconds(10), real_clock())).ok());
}

/// An etcd that asks for certificates, and the files for those who talk to it.
class TlsEtcd {
 public:
  TlsEtcd() {
    char name[] = "/tmp/mizzen-store-XXXXXX";
    folder_ = ::mkdtemp(name);
    tls_ = {folder_ + "/ca", folder_ + "/certificate", folder_ + "/key"};
    auto authority = pki::Authority::create("etcd-ca", real_clock().wall());
    auto pair = authority->issue(
        {.common_name = "etcd", .ip_addresses = {"127.0.0.1"}, .server = true, .client = true},
        real_clock().wall());
    EXPECT_TRUE(write_file(tls_.ca_file, authority->certificate_pem()).ok());
    EXPECT_TRUE(write_file(tls_.certificate_file, pair->certificate_pem).ok());
    EXPECT_TRUE(write_file(tls_.key_file, pair->key_pem, 0600).ok());
    server_ = EtcdServer::start(tls_);
  }
  ~TlsEtcd() {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  EtcdServer* server() { return server_.get(); }
  EtcdStore::Options options(bool with_certificate = true) const {
    EtcdStore::Options out{.clock = real_clock(), .address = server_->address(), .ca_file = tls_.ca_file};
    if (with_certificate) {
      out.certificate_file = tls_.certificate_file;
      out.key_file = tls_.key_file;
    }
    return out;
  }

 private:
  std::string folder_;
  EtcdServer::Tls tls_;
  std::unique_ptr<EtcdServer> server_;
};

TEST(EtcdStore, SpeaksTlsWithAClientCertificate) {
  TlsEtcd etcd;
  if (!etcd.server()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto store = EtcdStore::open(etcd.options(), soon());
  ASSERT_TRUE(store.ok()) << store.error().message();
  put(**store, "a", "1");
  EXPECT_EQ(value(**store, "a"), "1");
  // Without a certificate etcd does not talk to us.
  EXPECT_FALSE(
      EtcdStore::open(etcd.options(false), Deadline::after(std::chrono::milliseconds(500), real_clock()))
          .ok());
}

TEST(EtcdStore, AnswersSoonAfterAnEtcdWithTlsIsBack) {
  TlsEtcd etcd;
  if (!etcd.server()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto store = EtcdStore::open(etcd.options(), soon());
  ASSERT_TRUE(store.ok()) << store.error().message();
  etcd.server()->kill();
  const auto answers = [&] {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    return (*store)->current_revision(soon()).ok();
  };
  // Calls fail at once meanwhile, so that nobody waits for the connection.
  const Deadline away = Deadline::after(std::chrono::milliseconds(500), real_clock());
  while (!away.expired()) EXPECT_FALSE(answers());
  ASSERT_TRUE(etcd.server()->revive());
  const Monotonic back = real_clock().monotonic();
  const Deadline patience = Deadline::after(std::chrono::seconds(20), real_clock());
  while (!answers() && !patience.expired()) {
  }
  EXPECT_LT(real_clock().monotonic() - back, std::chrono::seconds(8))
      << "its start, the back-off, a handshake";
}

TEST(EtcdStore, ManyWhoAskForTheNewestRevisionShareReadsAndNoneIsStale) {
  if (!shared_etcd()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto store = connect(shared_etcd()->address());
  auto other = connect(shared_etcd()->address());  // writes that this process does not see otherwise
  constexpr int kThreads = 200, kRounds = 10;
  std::atomic<int> stale = 0, failed = 0;
  {
    std::vector<Thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back("asks", [&, i] {
        for (int n = 0; n < kRounds; ++n) {
          const Revision before = i % 20 == 0 ? put(*other, "share", std::to_string(i)) : Revision();
          const auto now = store->current_revision(soon());
          if (!now.ok()) ++failed;
          if (now.ok() && *now < before) ++stale;
        }
      });
    }
    for (Thread& t : threads) t.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(stale, 0);
  RecordProperty("reads", static_cast<int>(store->revision_reads()));
  EXPECT_LT(store->revision_reads(), uint64_t{kThreads} * kRounds / 4) << "of 2,000 questions";
}

TEST(EtcdStore, WatchesThatResumeShareWhatEtcdRemembers) {
  if (!shared_etcd()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto before = connect(shared_etcd()->address());
  constexpr int kWatches = 100, kEvents = 50;
  const Revision first = put(*before, "/resume/0", "0");
  for (int i = 1; i < kEvents; ++i) put(*before, "/resume/" + std::to_string(i), "x");
  auto store = connect(shared_etcd()->address());  // one that has just started
  std::vector<std::unique_ptr<Recorder>> recorders;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < kWatches; ++i) {
    recorders.push_back(std::make_unique<Recorder>());
    watches.push_back(store->watch({KeyRange::prefix("/resume/"), Revision(first.get() + i % 10), true},
                                   recorders.back()->sink()));
  }
  for (int i = 0; i < kWatches; ++i)
    EXPECT_EQ(recorders[static_cast<size_t>(i)]->wait_events(static_cast<size_t>(kEvents - i % 10)).size(),
              static_cast<size_t>(kEvents - i % 10));
  EXPECT_LT(store->history_reads(), 10u);
}

TEST(EtcdStore, WhatIsLongIsReadByPagesWhileOthersWrite) {
  if (!shared_etcd()) GTEST_SKIP() << "no /usr/bin/etcd here (Debian: etcd-server)";
  auto store = connect(shared_etcd()->address(), 1u << 20);
  const auto key = [](int i) { return "/long/" + std::to_string(100'000 + i); };
  for (int i = 0; i < 700; ++i) put(*store, key(i), std::string(4096, 'x'));
  const Revision then = now(*store);
  Pages pages(*store, {.range = KeyRange::prefix("/long/"), .count_rest = false});
  std::vector<std::string> keys;
  for (size_t page = 0;; ++page) {
    const auto got = pages.next(soon());
    ASSERT_TRUE(got.ok()) << got.error().message();
    if (!*got) break;
    EXPECT_LE((*got)->kvs.size(), 256u) << "512 of them are more than the connection takes at once";
    for (const KeyValue& kv : (*got)->kvs) keys.push_back(kv.key);
    put(*store, "/long/0" + std::to_string(page), "before it");
    put(*store, "/long/9" + std::to_string(page), "after it");
    erase(*store, key(699));
  }
  EXPECT_EQ(pages.revision(), then);
  ASSERT_EQ(keys.size(), 700u);
  for (int i = 0; i < 700; ++i) EXPECT_EQ(keys[static_cast<size_t>(i)], key(i));
}

TEST(EtcdStore, AnAbsentEtcdIsToldAtOnceOrAtTheDeadline) {
  auto refused = EtcdStore::open({.clock = real_clock(), .address = "127.0.0.1:1"},
                                 Deadline::after(std::chrono::milliseconds(300), real_clock()));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::Timeout);
}

TEST(EtcdStore, RefusalsGetTheContractsCodes) {
  const auto code = [](rpc::Status status, const char* text) {
    return etcd::translate(rpc::make_error(status, text)).code();
  };
  EXPECT_EQ(code(rpc::Status::OutOfRange, "etcdserver: mvcc: required revision has been compacted"),
            Code::Expired);
  EXPECT_EQ(code(rpc::Status::InvalidArgument, "etcdserver: request is too large"),
            Code::RequestEntityTooLarge);
  EXPECT_EQ(code(rpc::Status::ResourceExhausted, "etcdserver: mvcc: database space exceeded"),
            Code::ServiceUnavailable);
  EXPECT_EQ(code(rpc::Status::Unavailable, "etcdserver: request timed out"), Code::Timeout);
  EXPECT_EQ(code(rpc::Status::DeadlineExceeded, "whatever"), Code::Timeout);
  EXPECT_EQ(code(rpc::Status::Unavailable, "connection refused"), Code::ServiceUnavailable);
  EXPECT_EQ(code(rpc::Status::PermissionDenied, "etcdserver: permission denied"), Code::Forbidden);
}

}  // namespace
}  // namespace mizzen::store
