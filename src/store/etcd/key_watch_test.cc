#include "store/etcd/key_watch.h"

#include <gtest/gtest.h>

#include "async/mutex.h"
#include "store/etcd/etcd_store.h"
#include "store/testing/etcd_server.h"

namespace mizzen::store::etcd {
namespace {

using std::chrono::seconds;

TEST(KeyWatch, TellsTheValueAndEachChangeAndThatTheKeyIsGone) {
  const auto server = EtcdServer::start();
  if (!server) GTEST_SKIP() << "there is no etcd";
  const auto soon = [] { return Deadline::after(seconds(20), real_clock()); };
  auto store = EtcdStore::open({.clock = real_clock(), .address = server->address()}, soon());
  ASSERT_TRUE(store.ok()) << store.error().message();
  Mutex m;
  CondVar changed;
  std::vector<std::string> told;
  auto watch =
      KeyWatch::open(real_clock(), {.address = server->address(), .key = "/registry/nodes/n/boundpods"});
  ASSERT_TRUE(watch.ok()) << watch.error().message();
  (*watch)->start([&](const Result<std::string>& value) {
    Lock lock(m);
    told.push_back(value.ok() ? *value : "! " + value.error().message());
    changed.notify_all();
  });
  const auto wait = [&](const std::string& what) {
    const auto deadline = soon();
    Lock lock(m);
    while ((told.empty() || told.back() != what) && !deadline.expired()) changed.wait_until(m, deadline);
    EXPECT_EQ(told.empty() ? "nothing" : told.back(), what);
  };
  wait("");
  ASSERT_TRUE((*store)->txn(Txn::put("/registry/nodes/n/boundpods", make_bytes("one")), soon()).ok());
  wait("one");
  ASSERT_TRUE((*store)->txn(Txn::put("/registry/nodes/n/other", make_bytes("x")), soon()).ok());
  ASSERT_TRUE((*store)->txn(Txn::put("/registry/nodes/n/boundpods", make_bytes("two")), soon()).ok());
  wait("two");
  ASSERT_TRUE((*store)->txn(Txn::del("/registry/nodes/n/boundpods"), soon()).ok());
  wait("");
  (*watch)->stop();
  EXPECT_EQ(told.size(), 4u) << "nothing of other keys";
}

}  // namespace
}  // namespace mizzen::store::etcd
