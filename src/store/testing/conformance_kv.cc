#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "async/mutex.h"
#include "async/thread.h"
#include "store/testing/calls.h"
#include "store/testing/conformance_cases.h"

namespace mizzen::store::conformance {
namespace {

using namespace calls;

Txn create(const std::string& key, const std::string& value) {
  return {{Compare::absent(key)}, {Op::put(key, make_bytes(value))}, {}};
}

Txn swap(const std::string& key, Revision seen, const std::string& value) {
  return {{Compare::unchanged(key, seen)}, {Op::put(key, make_bytes(value))}, {Op::get(key)}};
}

}  // namespace

void reads_its_own_writes(StoreUnderTest& t) {
  const std::string key = t.prefix() + "a";
  EXPECT_FALSE(get(t.store(), key));
  const Revision written = put(t.store(), key, "one");
  const auto kv = get(t.store(), key);
  ASSERT_TRUE(kv);
  EXPECT_EQ(kv->key, key);
  EXPECT_EQ(view(kv->value), "one");
  EXPECT_EQ(kv->mod_revision, written);
  EXPECT_EQ(kv->create_revision, written);
  EXPECT_EQ(kv->version, 1);
  erase(t.store(), key);
  EXPECT_FALSE(get(t.store(), key));
  put(t.store(), key, "");
  ASSERT_TRUE(get(t.store(), key));
  EXPECT_EQ(value(t.store(), key), "");
}

void revisions_rise_by_one(StoreUnderTest& t) {
  const Revision start = now(t.store());
  EXPECT_GE(start.get(), 1);
  EXPECT_EQ(put(t.store(), t.prefix() + "a", "1").get(), start.get() + 1);
  EXPECT_EQ(put(t.store(), t.prefix() + "a", "1").get(), start.get() + 2);
  EXPECT_EQ(put(t.store(), t.prefix() + "b", "1").get(), start.get() + 3);
  EXPECT_EQ(erase(t.store(), t.prefix() + "a").get(), start.get() + 4);
  EXPECT_EQ(now(t.store()).get(), start.get() + 4);
}

void nothing_changed_makes_no_revision(StoreUnderTest& t) {
  const Revision start = now(t.store());
  EXPECT_EQ(erase(t.store(), t.prefix() + "never"), start);
  EXPECT_EQ(txn(t.store(), {{}, {Op::get(t.prefix() + "x")}, {}}).revision, start);
  EXPECT_EQ(txn(t.store(), swap(t.prefix() + "x", start, "no")).revision, start);
  EXPECT_EQ(now(t.store()), start);
}

void versions_count_from_creation(StoreUnderTest& t) {
  const std::string key = t.prefix() + "a";
  const Revision created = put(t.store(), key, "1");
  put(t.store(), key, "2");
  const Revision third = put(t.store(), key, "3");
  auto kv = get(t.store(), key);
  ASSERT_TRUE(kv);
  EXPECT_EQ(kv->version, 3);
  EXPECT_EQ(kv->create_revision, created);
  EXPECT_EQ(kv->mod_revision, third);
  erase(t.store(), key);
  const Revision again = put(t.store(), key, "4");
  kv = get(t.store(), key);
  ASSERT_TRUE(kv);
  EXPECT_EQ(kv->version, 1);
  EXPECT_EQ(kv->create_revision, again);
}

void compare_and_swap(StoreUnderTest& t) {
  const std::string key = t.prefix() + "a";
  const Revision first = put(t.store(), key, "1");
  const TxnResult won = txn(t.store(), swap(key, first, "2"));
  EXPECT_TRUE(won.succeeded);
  const TxnResult lost = txn(t.store(), swap(key, first, "3"));
  EXPECT_FALSE(lost.succeeded);
  ASSERT_EQ(lost.results.size(), 1u);
  ASSERT_TRUE(lost.results[0].kv);
  EXPECT_EQ(view(lost.results[0].kv->value), "2");
  EXPECT_EQ(lost.results[0].kv->mod_revision, won.revision);
  Txn guarded{{Compare::unchanged(key, won.revision)}, {Op::del(key)}, {}};
  guarded.success[0].want_prev = true;
  const TxnResult gone = txn(t.store(), guarded);
  EXPECT_TRUE(gone.succeeded);
  ASSERT_EQ(gone.results.size(), 1u);
  EXPECT_TRUE(gone.results[0].deleted);
  ASSERT_TRUE(gone.results[0].kv);
  EXPECT_EQ(view(gone.results[0].kv->value), "2");
  EXPECT_FALSE(txn(t.store(), swap(key, won.revision, "4")).succeeded);
}

void create_only_once(StoreUnderTest& t) {
  const std::string key = t.prefix() + "a";
  EXPECT_TRUE(txn(t.store(), create(key, "1")).succeeded);
  EXPECT_FALSE(txn(t.store(), create(key, "2")).succeeded);
  EXPECT_EQ(value(t.store(), key), "1");
  erase(t.store(), key);
  EXPECT_TRUE(txn(t.store(), create(key, "3")).succeeded);
}

void failure_list_runs(StoreUnderTest& t) {
  const std::string a = t.prefix() + "a", b = t.prefix() + "b";
  const TxnResult result =
      txn(t.store(), {{Compare::exists(a)}, {Op::put(a, make_bytes("yes"))}, {Op::put(b, make_bytes("no"))}});
  EXPECT_FALSE(result.succeeded);
  EXPECT_FALSE(get(t.store(), a));
  EXPECT_EQ(value(t.store(), b), "no");
  EXPECT_TRUE(txn(t.store(), {{Compare::exists(b)}, {Op::del(b)}, {}}).succeeded);
}

void steps_of_one_txn_share_a_revision(StoreUnderTest& t) {
  const std::string a = t.prefix() + "a", b = t.prefix() + "b", c = t.prefix() + "c";
  put(t.store(), c, "old");
  const TxnResult result =
      txn(t.store(),
          {{},
           {Op::put(b, make_bytes("2")), Op::put(a, make_bytes("1")), Op::del(c), Op::get(a), Op::get(c)},
           {}});
  ASSERT_EQ(result.results.size(), 5u);
  EXPECT_TRUE(result.results[2].deleted);
  ASSERT_TRUE(result.results[3].kv);
  EXPECT_EQ(view(result.results[3].kv->value), "1");
  EXPECT_FALSE(result.results[4].kv);
  const auto ka = get(t.store(), a), kb = get(t.store(), b);
  ASSERT_TRUE(ka && kb);
  EXPECT_EQ(ka->mod_revision, result.revision);
  EXPECT_EQ(kb->mod_revision, result.revision);
  EXPECT_FALSE(get(t.store(), c));
}

void refuses_bad_txns(StoreUnderTest& t) {
  const Revision start = now(t.store());
  const std::string key = t.prefix() + "a";
  Result<TxnResult> twice = t.store().txn({{}, {Op::put(key, {}), Op::put(key, {})}, {}}, soon());
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().message(), "etcdserver: duplicate key given in txn request");
  EXPECT_EQ(twice.error().code(), Code::BadRequest);
  Result<TxnResult> empty = t.store().txn(Txn::put("", {}), soon());
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().message(), "etcdserver: key is not provided");
  Txn many;
  for (size_t i = 0; i <= kTxnOpsMax; ++i) many.success.push_back(Op::put(key + std::to_string(i), {}));
  Result<TxnResult> refused = t.store().txn(many, soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "etcdserver: too many operations in txn request");
  EXPECT_EQ(now(t.store()), start);
}

void ranges_in_order_with_limits(StoreUnderTest& t) {
  for (const char* name : {"c", "a", "d", "b"}) put(t.store(), t.prefix() + name, name);
  put(t.store(), t.prefix() + "d", "again");
  put(t.store(), t.prefix() + "bb", "gone");
  erase(t.store(), t.prefix() + "bb");
  const std::string p = t.prefix();
  const RangeResult all = range(t.store(), {.range = KeyRange::prefix(p)});
  EXPECT_EQ(keys(all), (std::vector<std::string>{p + "a", p + "b", p + "c", p + "d"}));
  EXPECT_FALSE(all.more);
  EXPECT_EQ(all.count, 4);
  EXPECT_EQ(all.revision, now(t.store()));
  const RangeResult two = range(t.store(), {.range = KeyRange::prefix(p), .limit = 2});
  EXPECT_EQ(keys(two), (std::vector<std::string>{p + "a", p + "b"}));
  EXPECT_TRUE(two.more);
  EXPECT_EQ(two.count, 4);
  const RangeResult exact = range(t.store(), {.range = KeyRange::prefix(p), .limit = 4});
  EXPECT_EQ(exact.kvs.size(), 4u);
  EXPECT_FALSE(exact.more);
  const RangeResult rest = range(t.store(), {.range = {p + std::string("b\0", 2), p + "d"}});
  EXPECT_EQ(keys(rest), (std::vector<std::string>{p + "c"}));
  const RangeResult none = range(t.store(), {.range = {p + "x", p + "y"}});
  EXPECT_TRUE(none.kvs.empty());
  EXPECT_EQ(none.count, 0);
}

void ranges_at_a_revision(StoreUnderTest& t) {
  const std::string p = t.prefix();
  put(t.store(), p + "a", "1");
  const Revision second = put(t.store(), p + "b", "1");
  put(t.store(), p + "a", "2");
  const Revision fourth = erase(t.store(), p + "b");
  put(t.store(), p + "c", "1");
  const RangeResult then = range(t.store(), {.range = KeyRange::prefix(p), .revision = second});
  ASSERT_EQ(keys(then), (std::vector<std::string>{p + "a", p + "b"}));
  EXPECT_EQ(view(then.kvs[0].value), "1");
  EXPECT_EQ(then.kvs[0].version, 1);
  EXPECT_EQ(then.revision, now(t.store()));
  const RangeResult later = range(t.store(), {.range = KeyRange::prefix(p), .revision = fourth});
  ASSERT_EQ(keys(later), (std::vector<std::string>{p + "a"}));
  EXPECT_EQ(view(later.kvs[0].value), "2");
  Result<RangeResult> future = t.store().range(
      {.range = KeyRange::prefix(p), .revision = Revision(now(t.store()).get() + 1000)}, soon());
  ASSERT_FALSE(future.ok());
  EXPECT_EQ(future.error().message(), "etcdserver: mvcc: required revision is a future revision");
  EXPECT_EQ(future.error().code(), Code::BadRequest);
}

void keys_only_and_count_only(StoreUnderTest& t) {
  const std::string p = t.prefix();
  for (int i = 0; i < 5; ++i) put(t.store(), p + std::to_string(i), "value");
  const RangeResult names = range(t.store(), {.range = KeyRange::prefix(p), .limit = 3, .keys_only = true});
  ASSERT_EQ(names.kvs.size(), 3u);
  EXPECT_EQ(view(names.kvs[0].value), "");
  EXPECT_GT(names.kvs[0].mod_revision.get(), 0);
  EXPECT_EQ(names.count, 5);
  const RangeResult count = range(t.store(), {.range = KeyRange::prefix(p), .count_only = true});
  EXPECT_TRUE(count.kvs.empty());
  EXPECT_EQ(count.count, 5);
}

void binary_keys(StoreUnderTest& t) {
  const std::string p = t.prefix();
  std::vector<std::string> names = {
      p + std::string("\0", 1),
      p + std::string("\0\0", 2),
      p + std::string("\0\x01", 2),
      p + std::string("\0\xff", 2),
      p + "\x01",
      p + "a",
      p + std::string("a\0", 2),
      p + std::string("a\0\0b", 4),
      p + std::string("a\0\x01", 3),
      p + std::string("a\0\xff", 3),
      p + "a\x01",
      p + "a\xff",
      p + std::string("a\xff\0", 3),
      p + "b",
      p + "\xff",
      p + "\xff\xff",
  };
  for (auto it = names.rbegin(); it != names.rend(); ++it) put(t.store(), *it, "v" + *it);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(keys(range(t.store(), {.range = KeyRange::prefix(p)})), names);
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(value(t.store(), names[i]), "v" + names[i]);
    std::vector<std::string> tail(names.begin() + static_cast<ptrdiff_t>(i), names.end());
    EXPECT_EQ(keys(range(t.store(), {.range = {names[i], KeyRange::prefix(p).to}})), tail);
    std::vector<std::string> head(names.begin(), names.begin() + static_cast<ptrdiff_t>(i));
    if (i > 0) {
      EXPECT_EQ(keys(range(t.store(), {.range = {p, names[i]}})), head);
    }
  }
  erase(t.store(), names[3]);
  EXPECT_FALSE(get(t.store(), names[3]));
  EXPECT_TRUE(get(t.store(), names[2]));
}

void big_values(StoreUnderTest& t) {
  const std::string key = t.prefix() + "big";
  const std::string big(1024 * 1024, 'x');
  put(t.store(), key, big);
  EXPECT_EQ(value(t.store(), key), big);
  Result<TxnResult> refused =
      t.store().txn(Txn::put(key, make_bytes(std::string(kRequestBytesMax + 1, 'y'))), soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "etcdserver: request is too large");
  EXPECT_EQ(refused.error().code(), Code::RequestEntityTooLarge);
  EXPECT_EQ(value(t.store(), key), big);
}

void concurrent_writers_lose_nothing(StoreUnderTest& t) {
  constexpr int kWriters = 8, kRounds = 25;
  const std::string shared = t.prefix() + "shared";
  put(t.store(), shared, "0");
  Guarded<std::set<Revision>> revisions;
  std::atomic<int> swaps{0};
  {
    std::vector<Thread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back("writer", [&, w] {
        for (int i = 0; i < kRounds; ++i) {
          const Revision own =
              put(t.store(), t.prefix() + "own/" + std::to_string(w) + "/" + std::to_string(i), "x");
          revisions.with([&](auto& set) { EXPECT_TRUE(set.insert(own).second); });
          for (;;) {  // read, add one, write where unchanged
            const auto seen = get(t.store(), shared);
            if (!seen) return;
            const std::string next = std::to_string(std::stoi(std::string(view(seen->value))) + 1);
            const TxnResult result = txn(t.store(), swap(shared, seen->mod_revision, next));
            if (result.revision.get() == 0) return;
            if (!result.succeeded) continue;
            revisions.with([&](auto& set) { EXPECT_TRUE(set.insert(result.revision).second); });
            ++swaps;
            break;
          }
        }
      });
    }
  }
  EXPECT_EQ(swaps, kWriters * kRounds);
  EXPECT_EQ(value(t.store(), shared), std::to_string(kWriters * kRounds));
  EXPECT_EQ(range(t.store(), {.range = KeyRange::prefix(t.prefix() + "own/"), .count_only = true}).count,
            kWriters * kRounds);
  EXPECT_EQ(revisions.with([](auto& set) { return set.size(); }), size_t{2 * kWriters * kRounds});
}

void submitted_txns_call_back(StoreUnderTest& t) {
  constexpr int kTxns = 200;
  Mutex m;
  CondVar done;
  std::vector<Revision> revisions;
  int failed = 0;
  for (int i = 0; i < kTxns; ++i) {
    t.store().submit(Txn::put(t.prefix() + std::to_string(i), make_bytes("x")), soon(),
                     [&](Result<TxnResult> r) {
                       Lock lock(m);
                       if (r.ok()) {
                         revisions.push_back(r->revision);
                       } else {
                         ++failed;
                       }
                       done.notify_all();
                     });
  }
  Lock lock(m);
  const Deadline deadline = Deadline::after(std::chrono::seconds(10), real_clock());
  while (revisions.size() + static_cast<size_t>(failed) < kTxns && done.wait_until(m, deadline)) {
  }
  EXPECT_EQ(failed, 0);
  ASSERT_EQ(revisions.size(), size_t{kTxns});
  std::sort(revisions.begin(), revisions.end());
  EXPECT_EQ(revisions.back().get() - revisions.front().get(), kTxns - 1);
}

void expired_deadline_is_a_timeout(StoreUnderTest& t) {
  Result<TxnResult> late = t.store().txn(Txn::put(t.prefix() + "a", make_bytes("x")),
                                         Deadline::at(Monotonic::min(), real_clock()));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::Timeout);
  EXPECT_FALSE(get(t.store(), t.prefix() + "a"));
}

}  // namespace mizzen::store::conformance
