#include "store/embedded/embedded_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>

#include "async/stop.h"
#include "async/thread.h"
#include "base/file.h"
#include "base/random.h"
#include "store/testing/calls.h"
#include "store/testing/conformance.h"
#include "store/testing/recorder.h"

namespace mizzen::store {
namespace {

using namespace calls;

/// A folder that goes with the test.
class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/mizzen-store-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

EmbeddedStore::Options options_at(const std::string& path, const Clock& clock = real_clock()) {
  return {.clock = clock, .path = path, .reserve_bytes = 1 << 20, .own_maintenance = false};
}

std::unique_ptr<EmbeddedStore> open_store(EmbeddedStore::Options options) {
  auto store = EmbeddedStore::open(std::move(options));
  if (!store.ok()) {
    ADD_FAILURE() << store.error().message();
    return nullptr;
  }
  return std::move(*store);
}

class EmbeddedUnderTest final : public StoreUnderTest {
 public:
  EmbeddedUnderTest() {
    auto options = options_at(dir_.path(), clock_);
    store_ = open_store(options);
  }
  Store& store() override { return *store_; }
  void advance(std::chrono::seconds by) override {
    clock_.advance(by);
    store_->maintain();
  }
  std::string prefix() const override { return "/case/"; }

 private:
  TempDir dir_;
  ManualClock clock_{WallTime()};
  std::unique_ptr<EmbeddedStore> store_;
};

class EmbeddedStoreConformance : public testing::TestWithParam<size_t> {};

TEST_P(EmbeddedStoreConformance, Holds) {
  EmbeddedUnderTest under_test;
  conformance_cases()[GetParam()].run(under_test);
}

INSTANTIATE_TEST_SUITE_P(Store, EmbeddedStoreConformance,
                         testing::Range<size_t>(0, conformance_cases().size()),
                         [](const auto& info) { return conformance_name(info.param); });

TEST(EmbeddedStore, ReopensWhereItStood) {
  TempDir dir;
  Revision last;
  {
    auto store = open_store(options_at(dir.path()));
    put(*store, "a", "1");
    put(*store, "a", "2");
    put(*store, "b", "1");
    last = erase(*store, "b");
  }
  auto store = open_store(options_at(dir.path()));
  EXPECT_EQ(now(*store), last);
  EXPECT_EQ(value(*store, "a"), "2");
  EXPECT_EQ(get(*store, "a")->version, 2);
  EXPECT_EQ(value(*store, "b"), "<absent>");
  Recorder recorder;
  auto watch = store->watch({.range = KeyRange::all(), .from = Revision(2)}, recorder.sink());
  EXPECT_EQ(recorder.wait_events(4).size(), 4u);
  EXPECT_EQ(put(*store, "c", "1").get(), last.get() + 1);
}

TEST(EmbeddedStore, RevisionSurvivesCompactionAndReopening) {
  TempDir dir;
  Revision last;
  {
    auto store = open_store(options_at(dir.path()));
    for (int i = 0; i < 10; ++i) put(*store, "a", "x");
    last = erase(*store, "a");
    ASSERT_TRUE(store->compact(last, soon()).ok());
  }
  auto store = open_store(options_at(dir.path()));
  EXPECT_EQ(now(*store), last);
  EXPECT_EQ(value(*store, "a"), "<absent>");
  EXPECT_FALSE(store->range({.range = KeyRange::all(), .revision = Revision(3)}, soon()).ok());
}

TEST(EmbeddedStore, LeasesEndWhileAllFilesAreRewritten) {
  TempDir dir;
  ManualClock clock;
  StopSource rewriting, go_on, ended;
  auto options = options_at(dir.path(), clock);
  options.retention = {.revisions_min = 1, .history_bytes_min = 4096};
  options.before_rewrite = [&] {
    rewriting.stop();
    (void)go_on.token().wait_until(Deadline::after(std::chrono::seconds(20), real_clock()));
  };
  auto store = open_store(options);
  const auto lease = store->grant(std::chrono::seconds(1), soon());
  ASSERT_TRUE(lease.ok());
  txn(*store, {{}, {Op::put("leased", make_bytes("x"), *lease)}, {}});
  for (int i = 0; i < 100; ++i) put(*store, "a", std::string(10'000, 'x'));
  Thread upkeep("upkeep", [&] {
    store->maintain();  // history has outgrown its bound: it is compacted, and files are rewritten
    clock.advance(std::chrono::seconds(2));
    store->maintain();
    ended.stop();
  });
  EXPECT_TRUE(rewriting.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  EXPECT_TRUE(ended.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  EXPECT_EQ(value(*store, "leased"), "<absent>");
  go_on.stop();
  upkeep.join();
}

TEST(EmbeddedStore, LeasesSurviveReopening) {
  TempDir dir;
  ManualClock clock;
  auto options = options_at(dir.path(), clock);
  {
    auto store = open_store(options);
    auto lease = store->grant(std::chrono::seconds(100), soon());
    ASSERT_TRUE(lease.ok());
    txn(*store, {{}, {Op::put("leased", make_bytes("x"), *lease)}, {}});
  }
  auto store = open_store(options);
  clock.advance(std::chrono::seconds(50));
  store->maintain();
  EXPECT_EQ(value(*store, "leased"), "x");
  clock.advance(std::chrono::seconds(51));
  store->maintain();
  EXPECT_EQ(value(*store, "leased"), "<absent>");
}

TEST(EmbeddedStore, TwoOwnersAreRefused) {
  TempDir dir;
  auto store = open_store(options_at(dir.path()));
  auto second = EmbeddedStore::open(options_at(dir.path()));
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message().find("in use by process"), std::string::npos)
      << second.error().message();
  store.reset();
  EXPECT_TRUE(EmbeddedStore::open(options_at(dir.path())).ok());
}

TEST(EmbeddedStore, AnotherFormatIsRefused) {
  TempDir dir;
  open_store(options_at(dir.path())).reset();
  ASSERT_TRUE(write_file(dir.path() + "/FORMAT", "mizzen-store 9\n").ok());
  auto refused = EmbeddedStore::open(options_at(dir.path()));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("\"mizzen-store 9\""), std::string::npos)
      << refused.error().message();
}

TEST(EmbeddedStore, ForeignFolderIsRefused) {
  TempDir dir;
  ASSERT_TRUE(make_folders(dir.path() + "/db").ok());
  EXPECT_FALSE(EmbeddedStore::open(options_at(dir.path())).ok());
}

TEST(EmbeddedStore, RetentionForgetsWhatIsOld) {
  TempDir dir;
  ManualClock clock;
  auto options = options_at(dir.path(), clock);
  options.retention.revisions_min = 5;
  auto store = open_store(options);
  for (int i = 0; i < 20; ++i) put(*store, "a", std::to_string(i));
  clock.advance(std::chrono::minutes(5));
  store->maintain();  // everything is younger than the start of this period
  EXPECT_TRUE(store->range({.range = KeyRange::all(), .revision = Revision(2)}, soon()).ok());
  const Revision then = now(*store);
  for (int i = 0; i < 20; ++i) put(*store, "a", std::to_string(i));
  clock.advance(std::chrono::minutes(5));
  store->maintain();
  EXPECT_FALSE(store->range({.range = KeyRange::all(), .revision = Revision(then.get() - 1)}, soon()).ok());
  EXPECT_TRUE(store->range({.range = KeyRange::all(), .revision = then}, soon()).ok());
}

TEST(EmbeddedStore, DiskHoldsAtMostTwiceTheLiveData) {
  TempDir dir;
  auto options = options_at(dir.path());
  options.memtable_bytes = 1 << 20;
  options.retention.revisions_min = 100;
  options.retention.history_bytes_min = 1 << 20;
  auto store = open_store(options);
  SeededRandom random(1);
  constexpr int kKeys = 1000, kBytes = 8192;
  for (int i = 0; i < 12 * kKeys; ++i) {
    std::string bytes(kBytes, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    store->submit(Txn::put("/key/" + std::to_string(i % kKeys), make_bytes(std::move(bytes))), soon(),
                  [](Result<TxnResult> result) { EXPECT_TRUE(result.ok()); });
    if (i % 500 == 499) {
      now(*store);
      txn(*store, {});
      store->maintain();
    }
  }
  txn(*store, {});
  store->maintain();
  const uint64_t live = uint64_t{kKeys} * kBytes;
  // The write-ahead log, bounded by itself, stands beside the data.
  const uint64_t fixed = 4 * options.memtable_bytes + 2 * options.retention.history_bytes_min;
  // Rewriting the whole store runs beside the maintenance.
  const Deadline patience = Deadline::after(std::chrono::seconds(10), real_clock());
  while (*store->size_bytes(soon()) > 2 * live + fixed && !patience.expired())
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(20), real_clock()));
  EXPECT_LE(*store->size_bytes(soon()), 2 * live + fixed);
  EXPECT_EQ(range(*store, {.range = KeyRange::prefix("/key/"), .count_only = true}).count, kKeys);
}

/// The write-ahead log in use: the newest .log file of the engine.
std::filesystem::path newest_log(const std::string& path) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/db")) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

/// Where the last record of a log ends: the file is longer, with zeros.
uint64_t log_end(const std::string& path) {
  const std::string bytes = *read_file(newest_log(path), 64u << 20);
  return bytes.find_last_not_of('\0') + 1;
}

TEST(EmbeddedStore, CutAtAnyByteItOpensWithAPrefixThatHoldsEveryAcknowledgedWrite) {
  TempDir dir, torn;
  constexpr int kWrites = 200;
  std::vector<uint64_t> bytes_after;  // of the log, once write i was acknowledged
  auto options = options_at(dir.path());
  options.memtable_bytes = 1 << 20;
  {
    auto store = open_store(options);
    SeededRandom random(7);
    for (int i = 0; i < kWrites; ++i) {
      ASSERT_EQ(put(*store, std::to_string(i), std::string(random.below(2000), 'x')).get(), i + 2);
      bytes_after.push_back(log_end(dir.path()));
    }
    std::filesystem::copy(dir.path(), torn.path(),
                          std::filesystem::copy_options::recursive);  // as a crash leaves it
  }
  SeededRandom random(8);
  for (int round = 0; round < 30; ++round) {
    TempDir copy;
    std::filesystem::copy(torn.path(), copy.path(), std::filesystem::copy_options::recursive);
    const auto log = newest_log(copy.path());
    const uint64_t length = std::filesystem::file_size(log);
    const uint64_t cut = random.below(bytes_after.back() + 1);
    std::filesystem::resize_file(log, cut);
    if (round % 2 == 1)
      std::filesystem::resize_file(log, length);  // the length got to the disk, the rest did not
    options.path = copy.path();
    auto store = open_store(options);
    ASSERT_TRUE(store) << "cut at " << cut;
    const int held = static_cast<int>(now(*store).get()) - 1;
    const auto durable = std::upper_bound(bytes_after.begin(), bytes_after.end(), cut) - bytes_after.begin();
    ASSERT_GE(held, durable) << "cut at " << cut;
    for (int i = 0; i < kWrites; ++i) ASSERT_EQ(get(*store, std::to_string(i)).has_value(), i < held);
    EXPECT_EQ(put(*store, "next", "x").get(), held + 2);
  }
}

/// A small file system of its own, gone with the test. Needs root.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_ = false;
};

/// Puts big values until one is refused; the keys that were taken.
std::vector<std::string> fill(Store& store, std::optional<Error>& refused) {
  SeededRandom random(3);
  std::vector<std::string> held;
  for (int i = 0; i < 600 && !refused; ++i) {
    std::string bytes(64 << 10, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    auto result = store.txn(Txn::put("big/" + std::to_string(i), make_bytes(std::move(bytes))), soon());
    if (result.ok()) {
      held.push_back("big/" + std::to_string(i));
    } else {
      refused = result.error();
    }
  }
  return held;
}

EmbeddedStore::Options small_disk_options(const TempDir& dir) {
  auto options = options_at(dir.path() + "/data");
  options.memtable_bytes = 1 << 20;
  options.reserve_bytes = 2 << 20;
  options.free_bytes_min = 4 << 20;
  return options;
}

TEST(EmbeddedStore, ANearlyFullDiskRefusesPutsAndRecoversByItself) {
  TempDir dir;
  SmallDisk disk(dir.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  auto store = open_store(small_disk_options(dir));
  put(*store, "first", "x");
  Recorder recorder;
  auto watch = store->watch({.range = KeyRange::single("first"), .from = Revision(3)}, recorder.sink());
  const std::string ballast = dir.path() + "/ballast";  // somebody else takes room
  ASSERT_TRUE(write_file(ballast, std::string(12 << 20, 'x')).ok());
  std::optional<Error> refused;
  const std::vector<std::string> held = fill(*store, refused);
  ASSERT_TRUE(refused) << "the disk did not fill";
  EXPECT_EQ(refused->code(), Code::ServiceUnavailable);
  EXPECT_EQ(refused->message(), "etcdserver: mvcc: database space exceeded");
  EXPECT_FALSE(store->health(soon()).ok());
  EXPECT_EQ(store->txn(Txn::put("more", make_bytes("x")), soon()).error().code(), Code::ServiceUnavailable);
  // Reads, deletes and watches go on.
  EXPECT_EQ(value(*store, "first"), "x");
  auto deleted = store->txn(Txn::del("first"), soon());
  ASSERT_TRUE(deleted.ok()) << deleted.error().message();
  EXPECT_EQ(recorder.wait_events(1).size(), 1u);
  store->maintain();
  EXPECT_FALSE(store->health(soon()).ok()) << "there is no room yet";
  std::filesystem::remove(ballast);
  store->maintain();
  ASSERT_TRUE(store->health(soon()).ok());
  put(*store, "after", "y");
  const Revision last = now(*store);
  watch.reset();
  store.reset();
  store = open_store(small_disk_options(dir));
  ASSERT_TRUE(store);
  EXPECT_EQ(now(*store), last);
  EXPECT_EQ(value(*store, "after"), "y");
  EXPECT_EQ(value(*store, "first"), "<absent>");
  for (const std::string& key : held) EXPECT_EQ(value(*store, key).size(), size_t{64 << 10}) << key;
}

TEST(EmbeddedStore, ADiskFilledByOthersToTheLastByteLosesNothingAndRecovers) {
  TempDir dir;
  SmallDisk disk(dir.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  auto options = small_disk_options(dir);
  options.free_bytes_min = 0;  // so that the engine itself meets the end
  options.own_maintenance = true;
  auto store = open_store(options);
  const std::string ballast = dir.path() + "/ballast";
  ASSERT_TRUE(write_file(ballast, std::string(16 << 20, 'x')).ok());
  std::optional<Error> refused;
  const std::vector<std::string> held = fill(*store, refused);
  ASSERT_TRUE(refused) << "the disk did not fill";
  EXPECT_EQ(refused->code(), Code::ServiceUnavailable);
  for (const std::string& key : held) EXPECT_EQ(value(*store, key).size(), size_t{64 << 10}) << key;
  std::filesystem::remove(ballast);
  const Deadline deadline = Deadline::after(std::chrono::seconds(30), real_clock());
  while (!store->health(soon()).ok() && !deadline.expired()) {
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
  }
  // The engine may meet the end once more with what it still had to write.
  Result<TxnResult> after = Error(Code::ServiceUnavailable, "not tried");
  while (!(after = store->txn(Txn::put("after", make_bytes("y")), soon())).ok() && !deadline.expired())
    (void)StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
  ASSERT_TRUE(after.ok()) << after.error().message();
  const Revision last = now(*store);
  store.reset();
  store = open_store(options);
  ASSERT_TRUE(store);
  EXPECT_EQ(now(*store), last);
  for (const std::string& key : held) EXPECT_EQ(value(*store, key).size(), size_t{64 << 10}) << key;
}

}  // namespace
}  // namespace mizzen::store
