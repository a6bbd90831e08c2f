#include <gtest/gtest.h>

#include <atomic>

#include "async/thread.h"
#include "store/contract/errors.h"
#include "store/testing/calls.h"
#include "store/testing/conformance_cases.h"
#include "store/testing/recorder.h"

namespace mizzen::store::conformance {
namespace {

using namespace calls;

std::unique_ptr<Watch> watch(StoreUnderTest& t, Recorder& recorder, Revision from = {},
                             bool prev_kv = false) {
  return t.store().watch({.range = KeyRange::prefix(t.prefix()), .from = from, .prev_kv = prev_kv},
                         recorder.sink());
}

Revision after(Revision revision) { return Revision(revision.get() + 1); }

}  // namespace

void watch_from_now(StoreUnderTest& t) {
  put(t.store(), t.prefix() + "before", "x");
  Recorder recorder;
  const auto handle = watch(t, recorder, after(now(t.store())));
  const Revision put_at = put(t.store(), t.prefix() + "a", "1");
  const Revision erased_at = erase(t.store(), t.prefix() + "a");
  const auto events = recorder.wait_events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, Event::Type::Put);
  EXPECT_TRUE(events[0].is_create());
  EXPECT_EQ(events[0].kv.key, t.prefix() + "a");
  EXPECT_EQ(view(events[0].kv.value), "1");
  EXPECT_EQ(events[0].kv.mod_revision, put_at);
  EXPECT_EQ(events[1].type, Event::Type::Delete);
  EXPECT_EQ(events[1].kv.key, t.prefix() + "a");
  EXPECT_EQ(events[1].kv.mod_revision, erased_at);
  EXPECT_FALSE(events[1].is_create());
}

void watch_from_the_past(StoreUnderTest& t) {
  const Revision start = now(t.store());
  put(t.store(), t.prefix() + "a", "1");
  put(t.store(), t.prefix() + "a", "2");
  put(t.store(), t.prefix() + "b", "1");
  erase(t.store(), t.prefix() + "a");
  Recorder recorder;
  const auto handle = watch(t, recorder, after(start));
  put(t.store(), t.prefix() + "a", "3");
  const auto events = recorder.wait_events(5);
  ASSERT_EQ(events.size(), 5u);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].kv.mod_revision.get(), start.get() + 1 + static_cast<int64_t>(i));
  }
  EXPECT_EQ(view(events[1].kv.value), "2");
  EXPECT_EQ(events[1].kv.version, 2);
  EXPECT_EQ(events[3].type, Event::Type::Delete);
  EXPECT_EQ(view(events[4].kv.value), "3");
  EXPECT_TRUE(events[4].is_create());
}

void watch_from_the_future(StoreUnderTest& t) {
  Recorder recorder;
  const Revision start = now(t.store());
  const auto handle = watch(t, recorder, Revision(start.get() + 3));
  for (int i = 0; i < 4; ++i) put(t.store(), t.prefix() + std::to_string(i), "x");
  const auto events = recorder.wait_events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kv.mod_revision.get(), start.get() + 3);
}

void watch_sees_previous(StoreUnderTest& t) {
  const Revision start = now(t.store());
  const std::string key = t.prefix() + "a";
  const auto expect_prev = [&](const std::vector<Event>& events) {
    ASSERT_EQ(events.size(), 3u);
    EXPECT_FALSE(events[0].prev);
    ASSERT_TRUE(events[1].prev);
    EXPECT_EQ(view(events[1].prev->value), "1");
    EXPECT_EQ(events[1].prev->mod_revision, events[0].kv.mod_revision);
    ASSERT_TRUE(events[2].prev);
    EXPECT_EQ(view(events[2].prev->value), "2");
    EXPECT_EQ(events[2].prev->version, 2);
  };
  Recorder live, past;
  const auto live_handle = watch(t, live, after(start), true);
  put(t.store(), key, "1");
  put(t.store(), key, "2");
  erase(t.store(), key);
  expect_prev(live.wait_events(3));
  const auto past_handle = watch(t, past, after(start), true);
  expect_prev(past.wait_events(3));
}

void watch_keeps_to_its_range(StoreUnderTest& t) {
  Recorder one, all;
  const Revision from = after(now(t.store()));
  const auto one_handle =
      t.store().watch({.range = KeyRange::single(t.prefix() + "b"), .from = from}, one.sink());
  const auto all_handle = watch(t, all, from);
  for (const char* name : {"a", "b", "ba", "c"}) put(t.store(), t.prefix() + name, name);
  put(t.store(), t.prefix() + "b", "last");
  EXPECT_EQ(all.wait_events(5).size(), 5u);
  const auto events = one.wait_events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(view(events[1].kv.value), "last");
}

void watch_groups_a_revision(StoreUnderTest& t) {
  Recorder recorder;
  const auto handle = watch(t, recorder, after(now(t.store())));
  Txn txn;
  for (int i = 0; i < 50; ++i) {
    txn.success.push_back(Op::put(t.prefix() + std::to_string(100 + i), make_bytes("x")));
  }
  const Revision revision = calls::txn(t.store(), txn).revision;
  ASSERT_EQ(recorder.wait_events(50).size(), 50u);
  for (const Recorder::Batch& batch : recorder.batches()) {
    if (batch.events.empty()) continue;
    EXPECT_EQ(batch.events.size(), 50u);
    EXPECT_EQ(batch.revision, revision);
    for (const Event& event : batch.events) EXPECT_EQ(event.kv.mod_revision, revision);
  }
}

void watch_progress(StoreUnderTest& t) {
  Recorder recorder;
  const auto handle = watch(t, recorder, after(now(t.store())));
  put(t.store(), t.prefix() + "a", "1");
  ASSERT_EQ(recorder.wait_events(1).size(), 1u);
  // A change elsewhere does not reach the watch, but progress passes it.
  put(t.store(), "!" + t.prefix(), "elsewhere");
  const Revision target = now(t.store());
  handle->request_progress();
  EXPECT_TRUE(recorder.wait_revision(target));
  EXPECT_GE(handle->progress(), target);
  EXPECT_EQ(recorder.wait_events(1).size(), 1u);
  erase(t.store(), "!" + t.prefix());
}

void watch_ends_with_its_handle(StoreUnderTest& t) {
  std::atomic<int> calls{0};
  auto handle = t.store().watch({.range = KeyRange::prefix(t.prefix()), .from = after(now(t.store()))},
                                [&](const WatchMessage&) { ++calls; });
  Recorder other;
  const auto other_handle = watch(t, other, after(now(t.store())));
  put(t.store(), t.prefix() + "a", "1");
  other.wait_events(1);
  handle.reset();
  const int seen = calls;
  put(t.store(), t.prefix() + "a", "2");
  EXPECT_EQ(other.wait_events(2).size(), 2u);
  EXPECT_EQ(calls, seen);
}

void watch_under_load_has_no_gap(StoreUnderTest& t) {
  constexpr int kWriters = 4, kRounds = 100;
  const Revision start = now(t.store());
  std::vector<Recorder> recorders(4);
  std::vector<std::unique_ptr<Watch>> handles;
  {
    std::vector<Thread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back("writer", [&, w] {
        for (int i = 0; i < kRounds; ++i) put(t.store(), t.prefix() + std::to_string(w), std::to_string(i));
      });
    }
    for (Recorder& recorder : recorders) {  // they join from the past while writers write
      handles.push_back(watch(t, recorder, after(start)));
      put(t.store(), t.prefix() + "x", "join");
    }
  }
  const size_t total = kWriters * kRounds + recorders.size();
  for (Recorder& recorder : recorders) {
    const auto events = recorder.wait_events(total);
    ASSERT_EQ(events.size(), total);
    for (size_t i = 0; i < total; ++i) {
      ASSERT_EQ(events[i].kv.mod_revision.get(), start.get() + 1 + static_cast<int64_t>(i));
    }
  }
}

void compaction_forgets(StoreUnderTest& t) {
  const std::string key = t.prefix() + "a";
  const Revision first = put(t.store(), key, "1");
  const Revision second = put(t.store(), key, "2");
  put(t.store(), key, "3");
  ASSERT_TRUE(t.store().compact(second, soon()).ok());
  Result<RangeResult> old =
      t.store().range({.range = KeyRange::prefix(t.prefix()), .revision = first}, soon());
  ASSERT_FALSE(old.ok());
  EXPECT_TRUE(is_compacted(old.error()));
  EXPECT_EQ(old.error().message(), "etcdserver: mvcc: required revision has been compacted");
  const RangeResult kept = range(t.store(), {.range = KeyRange::prefix(t.prefix()), .revision = second});
  ASSERT_EQ(kept.kvs.size(), 1u);
  EXPECT_EQ(view(kept.kvs[0].value), "2");
  const Result<void> again = t.store().compact(first, soon());
  ASSERT_FALSE(again.ok());
  EXPECT_TRUE(is_compacted(again.error()));
  const Result<void> future = t.store().compact(Revision(now(t.store()).get() + 1000), soon());
  ASSERT_FALSE(future.ok());
  EXPECT_EQ(future.error().code(), Code::BadRequest);
}

void compaction_keeps_what_is_current(StoreUnderTest& t) {
  const std::string p = t.prefix();
  put(t.store(), p + "kept", "1");
  put(t.store(), p + "changed", "1");
  put(t.store(), p + "changed", "2");
  put(t.store(), p + "gone", "1");
  erase(t.store(), p + "gone");
  ASSERT_TRUE(t.store().compact(now(t.store()), soon()).ok());
  EXPECT_EQ(value(t.store(), p + "kept"), "1");
  EXPECT_EQ(value(t.store(), p + "changed"), "2");
  EXPECT_EQ(get(t.store(), p + "changed")->version, 2);
  EXPECT_FALSE(get(t.store(), p + "gone"));
  EXPECT_EQ(range(t.store(), {.range = KeyRange::prefix(p)}).count, 2);
  EXPECT_EQ(
      txn(t.store(), {{Compare::absent(p + "gone")}, {Op::put(p + "gone", make_bytes("2"))}, {}}).succeeded,
      true);
  EXPECT_EQ(get(t.store(), p + "gone")->version, 1);
  ASSERT_TRUE(t.store().compact(now(t.store()), soon()).ok());
  EXPECT_EQ(value(t.store(), p + "gone"), "2");
}

void compaction_ends_watches_behind(StoreUnderTest& t) {
  const Revision first = put(t.store(), t.prefix() + "a", "1");
  put(t.store(), t.prefix() + "a", "2");
  const Revision third = put(t.store(), t.prefix() + "a", "3");
  ASSERT_TRUE(t.store().compact(third, soon()).ok());
  Recorder recorder;
  const auto handle = watch(t, recorder, first);
  const auto end = recorder.wait_end();
  ASSERT_TRUE(end);
  EXPECT_TRUE(is_compacted(*end));
  EXPECT_TRUE(recorder.batches().empty());
}

void compaction_spares_watches_ahead(StoreUnderTest& t) {
  Recorder live, later;
  const auto handle = watch(t, live, after(now(t.store())));
  put(t.store(), t.prefix() + "a", "1");
  const Revision second = put(t.store(), t.prefix() + "a", "2");
  ASSERT_EQ(live.wait_events(2).size(), 2u);
  ASSERT_TRUE(t.store().compact(second, soon()).ok());
  put(t.store(), t.prefix() + "a", "3");
  const auto later_handle = watch(t, later, after(second));
  EXPECT_EQ(live.wait_events(3).size(), 3u);
  const auto events = later.wait_events(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(view(events[0].kv.value), "3");
}

void lease_deletes_its_keys(StoreUnderTest& t) {
  const std::string p = t.prefix();
  Result<LeaseId> lease = t.store().grant(std::chrono::seconds(600), soon());
  ASSERT_TRUE(lease.ok()) << lease.error().message();
  for (const char* name : {"a", "b", "c"}) {
    txn(t.store(), {{}, {Op::put(p + name, make_bytes("x"), *lease)}, {}});
  }
  EXPECT_EQ(get(t.store(), p + "a")->lease, *lease);
  put(t.store(), p + "b", "off the lease");
  Recorder recorder;
  const auto handle = watch(t, recorder, after(now(t.store())));
  ASSERT_TRUE(t.store().revoke(*lease, soon()).ok());
  EXPECT_FALSE(get(t.store(), p + "a"));
  EXPECT_FALSE(get(t.store(), p + "c"));
  EXPECT_EQ(value(t.store(), p + "b"), "off the lease");
  const auto events = recorder.wait_events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, Event::Type::Delete);
  const Result<void> again = t.store().revoke(*lease, soon());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::NotFound);
}

void lease_expires(StoreUnderTest& t) {
  Result<LeaseId> lease = t.store().grant(std::chrono::seconds(2), soon());
  ASSERT_TRUE(lease.ok());
  txn(t.store(), {{}, {Op::put(t.prefix() + "a", make_bytes("x"), *lease)}, {}});
  Recorder recorder;
  const auto handle = watch(t, recorder, after(now(t.store())));
  EXPECT_TRUE(get(t.store(), t.prefix() + "a"));
  t.advance(std::chrono::seconds(3));
  const auto events = recorder.wait_events(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, Event::Type::Delete);
  EXPECT_FALSE(get(t.store(), t.prefix() + "a"));
}

void lease_must_exist(StoreUnderTest& t) {
  Result<TxnResult> result =
      t.store().txn({{}, {Op::put(t.prefix() + "a", make_bytes("x"), LeaseId(999'999'999))}, {}}, soon());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "etcdserver: requested lease not found");
  EXPECT_EQ(result.error().code(), Code::NotFound);
  EXPECT_FALSE(get(t.store(), t.prefix() + "a"));
}

void ended_watch_makes_no_progress(StoreUnderTest& t) {
  const Revision lost = put(t.store(), t.prefix() + "a", "1");
  const Revision kept = put(t.store(), t.prefix() + "a", "2");
  ASSERT_TRUE(t.store().compact(kept, soon()).ok());
  Recorder recorder;
  const auto handle = watch(t, recorder, lost);
  const auto end = recorder.wait_end();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code(), Code::Expired);
  const Revision newer = put(t.store(), t.prefix() + "b", "1");
  // Another watch shows that the store has told of it.
  Recorder other;
  const auto living = watch(t, other, newer);
  EXPECT_EQ(other.wait_events(1).size(), 1u);
  EXPECT_LT(handle->progress(), newer) << "what it was never told of is no progress";
}

void watches_of_folders_and_ranges_get_their_own(StoreUnderTest& t) {
  const std::string root = t.prefix() + "/";
  const Revision start = now(t.store());
  struct Watched {
    KeyRange range;
    std::vector<std::string> expected;
  };
  const Watched watched[] = {
      {KeyRange::prefix(root), {"a/b/1", "a/bc/2", "a/b/3", "x"}},
      {KeyRange::prefix(root + "a/"), {"a/b/1", "a/bc/2", "a/b/3"}},
      {KeyRange::prefix(root + "a/b/"), {"a/b/1", "a/b/3"}},
      {KeyRange::prefix(root + "a/b"), {"a/b/1", "a/bc/2", "a/b/3"}},
      {KeyRange::single(root + "a/b/3"), {"a/b/3"}},
      {{root + "a/b/2", root + "y"}, {"a/bc/2", "a/b/3", "x"}},
      {KeyRange::prefix(root + "none/"), {}},
  };
  std::vector<std::unique_ptr<Recorder>> recorders;
  std::vector<std::unique_ptr<Watch>> handles;
  for (const Watched& w : watched) {
    recorders.push_back(std::make_unique<Recorder>());
    handles.push_back(t.store().watch({.range = w.range, .from = after(start)}, recorders.back()->sink()));
  }
  Txn first;
  for (const char* name : {"a/b/1", "a/bc/2"}) first.success.push_back(Op::put(root + name, make_bytes("v")));
  txn(t.store(), std::move(first));
  Txn second;
  for (const char* name : {"a/b/3", "x"}) second.success.push_back(Op::put(root + name, make_bytes("v")));
  const Revision last = txn(t.store(), std::move(second)).revision;
  for (size_t i = 0; i < handles.size(); ++i) {
    handles[i]->request_progress();
    EXPECT_TRUE(recorders[i]->wait_revision(last)) << i;
    std::vector<std::string> names;
    for (const Event& e : recorders[i]->wait_events(0)) names.push_back(e.kv.key.substr(root.size()));
    EXPECT_EQ(names, watched[i].expected) << i;
  }
}

}  // namespace mizzen::store::conformance
