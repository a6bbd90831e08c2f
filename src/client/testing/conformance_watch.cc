#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "client/informer/informer.h"
#include "client/testing/conformance_cases.h"
#include "client/testing/small_objects.h"
#include "client/testing/watch_record.h"

namespace mizzen::client::testing {
namespace {

using api::core::v1::ConfigMap;

ListOptions in(const std::string& ns) {
  ListOptions out;
  out.namespace_ = ns;
  return out;
}

void a_watch_tells_each_change_in_order(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  const auto first = create(api, config(ns, "first"), Call());
  ASSERT_TRUE(first.ok());
  WatchRecord record;
  ListOptions options = in(ns);
  options.resource_version = (*first)->metadata.resourceVersion;
  const auto watch = api.watch(*require_resource<ConfigMap>(api), options, record.sink());
  const auto made = create(api, config(ns, "c"), Call());
  ASSERT_TRUE(made.ok());
  ConfigMap next = **made;
  next.data.set("key", "w");
  const auto changed = update(api, next, Call());
  ASSERT_TRUE(changed.ok());
  ASSERT_TRUE(remove<ConfigMap>(api, ns, "c", {}, Call()).ok());
  EXPECT_EQ(record.next_change(), "ADDED c");
  EXPECT_EQ(record.last().meta().resourceVersion, (*made)->metadata.resourceVersion);
  EXPECT_EQ(record.next_change(), "MODIFIED c");
  EXPECT_EQ(*record.last().as<ConfigMap>()->data.find("key"), "w");
  EXPECT_EQ(record.next_change(), "DELETED c");
  EXPECT_EQ(record.last().meta().uid, (*made)->metadata.uid);
}

void a_watch_may_begin_with_the_list(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  std::set<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(create(api, config(ns, "c" + std::to_string(i)), Call()).ok());
    expected.insert("ADDED c" + std::to_string(i));
  }
  WatchRecord record;
  ListOptions options = in(ns);
  options.send_initial_events = true;
  const auto watch = api.watch(*require_resource<ConfigMap>(api), options, record.sink());
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) seen.insert(record.next());
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(record.next(), "BOOKMARK end");
  EXPECT_FALSE(record.last().meta().resourceVersion.empty());
  ASSERT_TRUE(create(api, config(ns, "late"), Call()).ok());
  EXPECT_EQ(record.next_change(), "ADDED late");
}

void a_watch_selects(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  WatchRecord record;
  ListOptions options = in(ns);
  options.send_initial_events = true;
  options.label_selector = "value=yes";
  const auto watch = api.watch(*require_resource<ConfigMap>(api), options, record.sink());
  EXPECT_EQ(record.next(), "BOOKMARK end");
  ASSERT_TRUE(create(api, config(ns, "no", "no"), Call()).ok());
  const auto made = create(api, config(ns, "yes", "yes"), Call());
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(record.next_change(), "ADDED yes");
  ConfigMap next = **made;
  next.metadata.labels.set("value", "no");
  ASSERT_TRUE(update(api, next, Call()).ok());
  EXPECT_EQ(record.next_change(), "DELETED yes");
}

void an_old_version_is_expired(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  const auto first = create(api, config(ns, "c"), Call());
  ASSERT_TRUE(first.ok());
  ConfigMap next = **first;
  next.data.set("key", "w");
  ASSERT_TRUE(update(api, next, Call()).ok());
  t.compact();
  WatchRecord record;
  ListOptions options = in(ns);
  options.resource_version = "1";
  const auto watch = api.watch(*require_resource<ConfigMap>(api), options, record.sink());
  EXPECT_EQ(record.next_change(), "END Expired");
}

void a_watch_that_is_refused_says_so(ApiUnderTest& t, const std::string& ns) {
  WatchRecord record;
  ListOptions options = in(ns);
  options.label_selector = "a in";
  const auto watch = t.api().watch(*require_resource<ConfigMap>(t.api()), options, record.sink());
  EXPECT_EQ(record.next(), "END BadRequest");
}

void a_watch_that_went_tells_nothing_more(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  WatchRecord record;
  ListOptions options = in(ns);
  options.send_initial_events = true;
  auto watch = api.watch(*require_resource<ConfigMap>(api), options, record.sink());
  EXPECT_EQ(record.next(), "BOOKMARK end");
  watch.reset();
  const size_t told = record.told();
  ASSERT_TRUE(create(api, config(ns, "unseen"), Call()).ok());
  WatchRecord other;
  const auto second = api.watch(*require_resource<ConfigMap>(api), options, other.sink());
  EXPECT_EQ(other.next(), "ADDED unseen");
  EXPECT_EQ(record.told(), told);
}

/// Many watches begin and end while things change: none of it may wait for another or go wrong.
void watches_end_at_any_moment(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  const auto resource = require_resource<ConfigMap>(api);
  ListOptions options = in(ns);
  options.send_initial_events = true;
  for (int i = 0; i < 30; ++i) {
    WatchRecord record;
    auto watch = api.watch(*resource, options, record.sink());
    ASSERT_TRUE(create(api, config(ns, "c" + std::to_string(i)), Call()).ok());
    if (i % 3 == 0) EXPECT_NE(record.next(), "SILENT");
  }
}

void an_informer_follows(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  ASSERT_TRUE(create(api, config(ns, "before"), Call()).ok());
  Informer::Options options;
  options.scope = in(ns);
  Informer informer(*require_resource<ConfigMap>(api), {api, t.runtime()}, options);
  informer.start();
  ASSERT_TRUE(informer.wait_synced(Deadline::after(WatchRecord::kPatience, real_clock())));
  EXPECT_TRUE(informer.get(ns, "before"));
  ASSERT_TRUE(create(api, config(ns, "after"), Call()).ok());
  const Deadline deadline = Deadline::after(WatchRecord::kPatience, real_clock());
  while (!informer.get(ns, "after") && !deadline.expired())
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(2), real_clock()));
  EXPECT_TRUE(informer.get(ns, "after"));
  informer.stop();
}

constexpr ConformanceCase kCases[] = {
    {"AWatchTellsEachChangeInOrder", a_watch_tells_each_change_in_order},
    {"AWatchMayBeginWithTheList", a_watch_may_begin_with_the_list},
    {"AWatchSelects", a_watch_selects},
    {"AnOldVersionIsExpired", an_old_version_is_expired},
    {"AWatchThatIsRefusedSaysSo", a_watch_that_is_refused_says_so},
    {"AWatchThatWentTellsNothingMore", a_watch_that_went_tells_nothing_more},
    {"WatchesEndAtAnyMoment", watches_end_at_any_moment},
    {"AnInformerFollows", an_informer_follows},
};

}  // namespace

std::span<const ConformanceCase> watch_cases() { return kCases; }

}  // namespace mizzen::client::testing
