#include "apiserver/registry/resource_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/flow/completion.h"
#include "apiserver/registry/core.h"
#include "async/executor.h"
#include "async/stop.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::ConfigMap;
using machinery::MutableObject;

Deadline soon() { return Deadline::after(std::chrono::seconds(20), real_clock()); }

/// A store whose disk is slow: what is submitted is carried out when the test lets it.
class HeldStore final : public store::Store {
 public:
  Result<store::RangeResult> range(const store::RangeRequest& r, Deadline d) override {
    return inner.range(r, d);
  }
  Result<store::TxnResult> txn(store::Txn t, Deadline d) override { return inner.txn(std::move(t), d); }
  void submit(store::Txn t, Deadline d, Done done) override {
    {
      Lock lock(m_);
      if (holding_) return held_.push_back([this, t = std::move(t), d, done] { inner.submit(t, d, done); });
    }
    inner.submit(std::move(t), d, std::move(done));
  }
  std::unique_ptr<store::Watch> watch(store::WatchRequest r, store::WatchSink s) override {
    return inner.watch(std::move(r), std::move(s));
  }
  Result<store::LeaseId> grant(std::chrono::seconds ttl, Deadline d) override { return inner.grant(ttl, d); }
  Result<void> revoke(store::LeaseId l, Deadline d) override { return inner.revoke(l, d); }
  Result<void> compact(store::Revision r, Deadline d) override { return inner.compact(r, d); }
  Result<store::Revision> current_revision(Deadline d) override { return inner.current_revision(d); }
  Result<void> health(Deadline d) override { return inner.health(d); }
  Result<uint64_t> size_bytes(Deadline d) override { return inner.size_bytes(d); }

  void hold() {
    Lock lock(m_);
    holding_ = true;
  }
  size_t release() {
    std::vector<std::function<void()>> held;
    {
      Lock lock(m_);
      holding_ = false;
      held.swap(held_);
    }
    for (const auto& f : held) f();
    return held.size();
  }

  store::MemoryStore inner{{.clock = real_clock()}};

 private:
  Mutex m_;
  bool holding_ MZ_GUARDED_BY(m_) = false;
  std::vector<std::function<void()>> held_ MZ_GUARDED_BY(m_);
};

class ResourceStoreTest : public ::testing::Test {
 protected:
  ResourceStoreTest() : core_({store_, real_clock(), secure_random(), resources_}, {}) {
    const auto r = core_.start(soon());
    EXPECT_TRUE(r.ok()) << r.error().message();
  }
  ResourceStore& configs() { return *core_.find(api::resource_of<ConfigMap>()); }
  static RequestContextPtr context() {
    auto out = std::make_shared<RequestContext>();
    out->resource = api::resource_of<ConfigMap>().share();
    out->namespace_ = "default";
    out->api_version = "v1";
    out->deadline = soon();
    return out;
  }
  static MutableObject config(const std::string& name) {
    MutableObject out(ConfigMap::descriptor());
    out.meta().name = name;
    out.meta().namespace_ = "default";
    return out;
  }
  Result<EntryPtr> create(const std::string& name) {
    return await<EntryPtr>({}, [&](ResourceStore::Done<EntryPtr> done) {
      configs().create(context(), config(name), std::move(done));
    });
  }
  Result<Updated> add(const std::string& name, const std::string& key,
                      const RequestContextPtr& as = context()) {
    return await<Updated>({}, [&](ResourceStore::Done<Updated> done) {
      configs().update(
          as, "default", name,
          [key](const Entry& old) -> Result<MutableObject> {
            MutableObject next(old.object());
            next.as<ConfigMap>()->data.set(key, "");
            return next;
          },
          {}, std::move(done));
    });
  }

  HeldStore store_;
  api::ResourceCatalog resources_{api::builtin()};
  Core core_;
};

// As of a process that was stopped between its decision and its write, while another took over.
TEST_F(ResourceStoreTest, WhatWasHeldUpUntilAnotherLedIsNotWritten) {
  const std::string fence = "/registry/mizzen/terms/t/me";
  ASSERT_TRUE(store_.inner.txn(store::Txn::put(fence, store::make_bytes("")), soon()).ok());
  const auto write = [&](const std::string& name) {
    auto led = context();
    led->fence = fence;
    struct Ended {
      std::optional<Result<EntryPtr>> made;
      StopSource told;
    };
    auto ended = std::make_shared<Ended>();
    configs().create(led, config(name), [ended](Result<EntryPtr> made) {
      ended->made = std::move(made);
      ended->told.stop();
    });
    return ended;
  };
  const auto first = write("first");
  ASSERT_TRUE(first->told.token().wait_until(soon()));
  EXPECT_TRUE(first->made->ok());
  store_.hold();
  const auto second = write("second");
  ASSERT_TRUE(store_.inner.txn(store::Txn::del(fence), soon()).ok());
  EXPECT_EQ(store_.release(), 1u);
  ASSERT_TRUE(second->told.token().wait_until(soon()));
  ASSERT_FALSE(second->made->ok());
  EXPECT_EQ(second->made->error().code(), Code::ServiceUnavailable);
  EXPECT_FALSE(configs().cache().find("default/second"));
}

TEST_F(ResourceStoreTest, AHundredWritesWaitForTheDiskWithoutAThread) {
  constexpr size_t kWrites = 100;
  std::atomic<size_t> ended = 0, made = 0;
  store_.hold();
  for (size_t i = 0; i < kWrites; ++i)
    configs().create(context(), config(fmt::format("c{}", i)), [&](const Result<EntryPtr>& r) {
      made += r.ok();
      ++ended;
    });
  EXPECT_EQ(ended, 0u) << "all were submitted from this one thread, and nothing waits";
  EXPECT_EQ(store_.release(), kWrites);
  const Deadline deadline = soon();
  while (ended < kWrites && !deadline.expired())
    (void)StopSource().token().wait_until(Deadline::after(std::chrono::milliseconds(5), real_clock()));
  EXPECT_EQ(made, kWrites);
}

TEST_F(ResourceStoreTest, WritersThatRaceForOneObjectAllGetTheirTurn) {
  ASSERT_TRUE(create("shared").ok());
  constexpr int kWriters = 8, kEach = 25;
  std::atomic<int> failed = 0;
  {
    ThreadPool pool(real_clock(), {"racing", kWriters});
    for (int w = 0; w < kWriters; ++w)
      EXPECT_TRUE(pool.post([&, w] {
        for (int i = 0; i < kEach; ++i) failed += !add("shared", fmt::format("k{}-{}", w, i)).ok();
      }));
    pool.stop();
  }
  EXPECT_EQ(failed, 0);
  const auto entry = configs().get("default", "shared", soon());
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ((*entry)->object().share<ConfigMap>()->data.size(), static_cast<size_t>(kWriters * kEach));
}

TEST_F(ResourceStoreTest, AConflictIsToldWhatIsThereWithoutAskingAgain) {
  ASSERT_TRUE(create("a").ok());
  store_.hold();
  std::optional<Result<Updated>> result;
  Mutex m;
  CondVar changed;
  configs().update(
      context(), "default", "a",
      [](const Entry& old) -> Result<MutableObject> {
        MutableObject next(old.object());
        next.as<ConfigMap>()->data.set("mine", "");
        return next;
      },
      {},
      [&](Result<Updated> r) {
        Lock lock(m);
        result.emplace(std::move(r));
        changed.notify_all();
      });
  // Somebody else is first, past the cache's back.
  MutableObject theirs = config("a");
  theirs.as<ConfigMap>()->data.set("theirs", "");
  ASSERT_TRUE(store_
                  .txn(store::Txn::put(configs().path("default/a"),
                                       store::make_bytes(encode_stored(configs().resource(), theirs))),
                       soon())
                  .ok());
  store_.release();
  Lock lock(m);
  const Deadline deadline = soon();
  while (!result && !deadline.expired()) changed.wait_until(m, deadline);
  ASSERT_TRUE(result && result->ok());
  EXPECT_EQ((*result)->entry->object().share<ConfigMap>()->data.size(), 2u) << "both changes are in it";
}

TEST_F(ResourceStoreTest, ADeletionThatChangesNothingIsCheckedAgainstTheStore) {
  MutableObject held = config("held");
  held.meta().finalizers = {"example.com/hold"};
  ASSERT_TRUE(await<EntryPtr>({}, [&](ResourceStore::Done<EntryPtr> done) {
                configs().create(context(), std::move(held), std::move(done));
              }).ok());
  const auto remove = [&] {
    return await<Deletion>({}, [&](ResourceStore::Done<Deletion> done) {
      configs().remove(context(), "default", "held", {}, true, std::move(done));
    });
  };
  ASSERT_TRUE(remove().ok());
  const auto again = remove();
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->gone);
  EXPECT_FALSE(again->changed);
}

TEST_F(ResourceStoreTest, WhatIsUnderWayWhenTheServerStopsEnds) {
  std::optional<Code> code;
  {
    Completion<int> dropped([&](const Result<int>& r) { code = r.ok() ? Code::Unknown : r.error().code(); });
  }
  EXPECT_EQ(code, Code::ServiceUnavailable);
  std::atomic<bool> ended = false;
  store_.hold();
  configs().create(context(), config("late"), [&](const Result<EntryPtr>&) { ended = true; });
  store_.release();
  core_.stop();
  EXPECT_TRUE(ended) << "stop waits for what the store has";
}

TEST_F(ResourceStoreTest, ADryRunSaysWhatWouldBeAndLeavesNothing) {
  const auto dry = context();
  dry->dry_run = true;
  const auto made = await<EntryPtr>(
      {}, [&](ResourceStore::Done<EntryPtr> done) { configs().create(dry, config("dry"), std::move(done)); });
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->object().meta().resourceVersion, "");
  EXPECT_EQ(configs().get("default", "dry", soon()).error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::apiserver
