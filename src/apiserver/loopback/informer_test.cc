// What informers over the loopback keep: the server's own bytes, and nothing decoded.
#include "client/informer/informer.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/loopback/loopback.h"
#include "async/executor.h"
#include "async/mutex.h"
#include "async/timers.h"
#include "auth/authorize/components.h"
#include "client/testing/scripted_api.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::ConfigMap;
using client::Call;
using client::Seen;
using client::testing::soon;

constexpr Duration kPatience = std::chrono::seconds(10);

class LoopbackInformerTest : public testing::Test {
 protected:
  LoopbackInformerTest() {
    const auto r = core_->start(Deadline::after(kPatience, real_clock()));
    EXPECT_TRUE(r.ok()) << r.error().message();
    for (client::Informer* informer : {&first_, &second_})
      informer->add_index(
          "k", [](const Seen& o) { return std::vector<std::string>{o.as<ConfigMap>()->data.get("k")}; });
  }
  ~LoopbackInformerTest() override {
    first_.stop();
    second_.stop();
    timers_.stop();
    pool_.stop();
  }
  void start(client::Informer& informer) {
    informer.start();
    EXPECT_TRUE(informer.wait_synced(Deadline::after(kPatience, real_clock())));
  }
  ConfigMap write(const std::string& value) {
    ConfigMap c;
    c.metadata.name = "a";
    c.metadata.namespace_ = "default";
    c.data.set("k", value);
    const auto written =
        value == "1" ? client::create(api_, c, Call()) : client::update(api_, std::move(c), Call());
    EXPECT_TRUE(written.ok()) << written.error().message();
    return **written;
  }
  Seen seen() const { return first_.get("default", "a"); }

  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  /// Companions age at each tick.
  std::unique_ptr<Core> core_ =
      std::make_unique<Core>(Core::Deps{store_, real_clock(), secure_random(), resources_},
                             Core::Options{.bookmark_period = std::chrono::milliseconds(20)});
  auth::ComponentAuthorizer authorizer_;
  Loopback api_{{*core_, authorizer_}, {"test", {"system:masters"}}};
  ThreadPool pool_{real_clock(), {"test", 4}};
  Timers timers_{pool_, real_clock()};
  const client::Informer::Deps deps_{api_, {real_clock(), secure_random(), pool_, timers_}};
  const api::ResourcePtr resource_ = client::require_resource<ConfigMap>(api_);
  client::Informer first_{*resource_, deps_}, second_{*resource_, deps_};
};

TEST_F(LoopbackInformerTest, NothingDecodedIsKept) {
  Mutex m;
  std::weak_ptr<const void> decoded;
  first_.add_handler({[&](const Seen& now) {
                        Lock lock(m);
                        if (now.name() == "a") decoded = now.object().shared();
                      },
                      nullptr, nullptr});
  start(first_);
  write("1");
  ASSERT_TRUE(soon([&] { return bool(seen()); }));
  EXPECT_TRUE(soon([&] {
    Lock lock(m);
    return decoded.expired() && !seen().packed()->at_hand();
  })) << "companions age, and nobody else has it";
  EXPECT_EQ(seen().as<ConfigMap>()->data.get("k"), "1");
}

TEST_F(LoopbackInformerTest, BytesAreTheCachesOwn) {
  write("1");
  start(first_);
  start(second_);
  ASSERT_TRUE(seen());
  EXPECT_EQ(seen().packed(), second_.get("default", "a").packed());
}

TEST_F(LoopbackInformerTest, TheStateBeforeIsThereForWhoAsks) {
  Mutex m;
  std::string told;
  first_.add_handler({nullptr,
                      [&](const Seen& old, const Seen& now) {
                        Lock lock(m);
                        told += old.as<ConfigMap>()->data.get("k") + ">" + now.as<ConfigMap>()->data.get("k");
                      },
                      nullptr});
  write("1");
  start(first_);
  ASSERT_TRUE(soon([&] { return !seen().packed()->at_hand(); }));
  write("2");
  EXPECT_TRUE(soon([&] {
    Lock lock(m);
    return told == "1>2";
  }));
  EXPECT_EQ(first_.index_values("k"), std::vector<std::string>{"2"});
}

TEST_F(LoopbackInformerTest, WhatWasSeenOutlivesTheServer) {
  write("1");
  start(first_);
  const Seen kept = seen();
  first_.stop();
  second_.stop();
  core_->stop();
  core_.reset();
  EXPECT_EQ(kept.as<ConfigMap>()->data.get("k"), "1");
  EXPECT_EQ(seen().as<ConfigMap>()->data.get("k"), "1");
}

}  // namespace
}  // namespace mizzen::apiserver
