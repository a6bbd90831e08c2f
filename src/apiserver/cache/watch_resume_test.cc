// Watches resumed across a restart: what the store remembers comes, exactly; what it forgot is told.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/namespace.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/testing/told.h"
#include "auth/authorize/components.h"
#include "store/embedded/embedded_store.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::ConfigMap;
using client::Call;

/// What a watch told, as "ADDED name@revision".
class Seen : public testing::Told {
 public:
  client::WatchSink sink() {
    return {[this](const std::vector<client::WatchEvent>& events) {
              const char* names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};
              for (const auto& e : events)
                add(fmt::format("{} {}={}", names[static_cast<int>(e.type)], e.object.meta().name,
                                e.object.meta().resourceVersion));
            },
            [this](const Error& error) { end(error); }};
  }
};

/// A core that can be started again on what its store kept; the parameter says which store.
class WatchResume : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "mizzen-resume-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    start();
  }
  void TearDown() override {
    stop();
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void start() {
    if (!store_ && std::string_view(GetParam()) == "memory")
      store_ = std::make_unique<store::MemoryStore>(store::MemoryStore::Options{.clock = real_clock()});
    if (!store_) {
      auto opened = store::EmbeddedStore::open({.clock = real_clock(), .path = folder_ + "/store"});
      ASSERT_TRUE(opened.ok()) << opened.error().message();
      store_ = std::move(*opened);
    }
    core_ = std::make_unique<Core>(Core::Deps{*store_, real_clock(), secure_random(), resources_},
                                   Core::Options());
    const auto r = core_->start(Deadline::after(std::chrono::seconds(5), real_clock()));
    ASSERT_TRUE(r.ok()) << r.error().message();
    api_ = std::make_unique<Loopback>(Loopback::Deps{*core_, authorizer_},
                                      auth::User{"test", {"system:masters"}});
  }
  void stop() {
    api_.reset();
    core_.reset();
    // The memory store has nothing but itself to keep things in.
    if (std::string_view(GetParam()) != "memory") store_.reset();
  }
  void restart() {
    stop();
    start();
  }
  /// Creates or changes; the new revision.
  std::string write(const std::string& name, const std::string& value, const std::string& label = "") {
    ConfigMap c;
    c.metadata.name = name;
    c.metadata.namespace_ = "default";
    c.data.set("k", value);
    if (!label.empty()) c.metadata.labels.set("in", label);
    auto made = client::create(*api_, c, Call());
    if (!made.ok()) made = client::update(*api_, c, Call());
    EXPECT_TRUE(made.ok()) << made.error().message();
    return (*made)->metadata.resourceVersion;
  }
  std::string remove(const std::string& name) {
    EXPECT_TRUE(api_->remove(api::resource_of<ConfigMap>(), "default", name, {}, Call()).ok());
    return std::to_string(
        store_->current_revision(Deadline::after(std::chrono::seconds(1), real_clock()))->get());
  }
  std::unique_ptr<client::Watch> watch(Seen& seen, const std::string& from, const std::string& labels = "") {
    client::ListOptions options;
    options.namespace_ = "default";
    options.resource_version = from;
    options.label_selector = labels;
    options.allow_bookmarks = false;
    return api_->watch(api::resource_of<ConfigMap>(), options, seen.sink());
  }

  std::string folder_;
  std::unique_ptr<store::Store> store_;
  api::ResourceCatalog resources_{api::builtin()};
  std::unique_ptr<Core> core_;
  auth::ComponentAuthorizer authorizer_;
  std::unique_ptr<Loopback> api_;
};

TEST_P(WatchResume, AClientGetsExactlyWhatItMissed) {
  const std::string a1 = write("a", "1"), b1 = write("b", "1"), a2 = write("a", "2");
  const std::string b2 = remove("b"), c1 = write("c", "1");
  restart();
  const std::string c2 = write("c", "2");
  Seen from_a1, from_a2, again;
  const auto one = watch(from_a1, a1);
  const std::vector<std::string> all = {"ADDED b=" + b1, "MODIFIED a=" + a2, "DELETED b=" + b2,
                                        "ADDED c=" + c1, "MODIFIED c=" + c2};
  EXPECT_EQ(from_a1.wait(5), all);
  const auto two = watch(from_a2, a2);
  EXPECT_EQ(from_a2.wait(3), std::vector<std::string>(all.begin() + 2, all.end()));
  const std::string d = write("d", "1");
  EXPECT_EQ(from_a1.wait(6).back(), "ADDED d=" + d) << "and goes on";
  const auto three = watch(again, a1);
  EXPECT_EQ(again.wait(6).size(), 6u);
  EXPECT_EQ(from_a2.wait(4).size(), 4u);
}

TEST_P(WatchResume, AnOlderRevisionReachesFurtherBackEachTime) {
  std::vector<std::string> revisions;
  for (int i = 0; i < 20; ++i) revisions.push_back(write(fmt::format("n{}", i), "1"));
  restart();
  for (const size_t at : {15u, 10u, 12u, 0u}) {
    Seen seen;
    const auto handle = watch(seen, revisions[at]);
    const auto lines = seen.wait(19 - at);
    ASSERT_EQ(lines.size(), 19 - at);
    EXPECT_EQ(lines.front(), fmt::format("ADDED n{}={}", at + 1, revisions[at + 1]));
  }
}

TEST_P(WatchResume, SelectionsTurnMissedChangesIntoAdditionsAndDeletions) {
  const std::string start = write("a", "1");
  const std::string in = write("a", "2", "yes"), still = write("a", "3", "yes"), out = write("a", "4");
  restart();
  Seen seen;
  const auto handle = watch(seen, start, "in=yes");
  EXPECT_EQ(seen.wait(3),
            (std::vector<std::string>{"ADDED a=" + in, "MODIFIED a=" + still, "DELETED a=" + out}));
}

TEST_P(WatchResume, WhatWasCompactedIsTooOld) {
  const std::string first = write("a", "1");
  const std::string second = write("a", "2"), third = write("a", "3");
  const Deadline soon = Deadline::after(std::chrono::seconds(5), real_clock());
  ASSERT_TRUE(store_->compact(store::Revision(std::stoll(second)), soon).ok());
  restart();
  for (int i = 0; i < 2; ++i) {
    Seen old;
    const auto refused = watch(old, first);
    const auto ended = old.wait_end();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->code(), Code::Expired);
    EXPECT_EQ(ended->message().find(fmt::format("too old resource version: {} (", first)), 0u)
        << ended->message();
  }
  Seen seen;
  const auto handle = watch(seen, second);
  EXPECT_EQ(seen.wait(1), std::vector<std::string>{"MODIFIED a=" + third});
}

TEST_P(WatchResume, MoreThanTheRingHoldsComesFromTheStoresHistory) {
  const std::string first = write("a", "first");
  constexpr int kChanges = 20'000;
  const auto put_many = [&] {
    // Not through the API: thousands of writes there take their time.
    const auto& resource = api::resource_of<ConfigMap>();
    Mutex m;
    CondVar changed;
    int done = 0;
    for (int i = 0; i < kChanges; ++i) {
      machinery::MutableObject object(ConfigMap::descriptor());
      object.meta().name = "many";
      object.meta().namespace_ = "default";
      // Bigger than the ring may be, all together.
      object.as<ConfigMap>()->data.set("k", std::string(1500, 'x'));
      store_->submit(store::Txn::put(storage_prefix(resource) + "default/many",
                                     store::make_bytes(encode_stored(resource, object))),
                     Deadline::after(std::chrono::seconds(60), real_clock()),
                     [&](Result<store::TxnResult> r) {
                       EXPECT_TRUE(r.ok());
                       Lock lock(m);
                       if (++done == kChanges) changed.notify_all();
                     });
      Lock lock(m);
      while (i - done > 500)
        changed.wait_until(m, Deadline::after(std::chrono::milliseconds(1), real_clock()));
    }
    Lock lock(m);
    while (done < kChanges) changed.wait(m);
  };
  put_many();
  Seen live;
  auto one = watch(live, first);
  EXPECT_EQ(live.wait(kChanges).size(), static_cast<size_t>(kChanges)) << "older than the ring";
  one.reset();
  restart();
  Seen seen;
  const auto two = watch(seen, first);
  const auto lines = seen.wait(kChanges);
  ASSERT_EQ(lines.size(), static_cast<size_t>(kChanges)) << "from before the restart";
  EXPECT_EQ(lines, live.wait(kChanges));
}

TEST_P(WatchResume, OtherKindsChangesDoNotKeepItWaiting) {
  const std::string first = write("a", "1");
  Seen namespaces, seen;
  restart();
  client::ListOptions options;
  options.resource_version = first;
  options.allow_bookmarks = false;
  const auto quiet = api_->watch(api::resource_of<api::core::v1::Namespace>(), options, namespaces.sink());
  EXPECT_FALSE(namespaces.ended());
  const auto handle = watch(seen, first);
  const std::string b = write("b", "1");
  EXPECT_EQ(seen.wait(1), std::vector<std::string>{"ADDED b=" + b});
  EXPECT_TRUE(namespaces.wait(0).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, WatchResume, ::testing::Values("memory", "embedded"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace mizzen::apiserver
