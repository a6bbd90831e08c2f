#include "store/local/watch_hub.h"

#include <gtest/gtest.h>

#include "store/contract/errors.h"
#include "store/testing/recorder.h"

namespace mizzen::store {
namespace {

/// A history in which nothing has happened before the hub.
class NoHistory final : public History {
 public:
  Result<Chunk> read_history(Revision, const KeyRange&, bool) override { return Chunk{{}, newest_}; }
  std::optional<KeyValue> at_revision(std::string_view, Revision) override { return std::nullopt; }
  Revision newest() const override { return newest_; }
  Revision newest_{10};
};

Committed put(const std::string& key, int64_t revision) {
  Committed out;
  out.event.kv.key = key;
  out.event.kv.value = make_bytes("v");
  out.event.kv.create_revision = out.event.kv.mod_revision = Revision(revision);
  return out;
}

class WatchHubTest : public testing::Test {
 protected:
  WatchHubTest()
      : executor_(real_clock(), {"catch-up", 1, 100, 1000}), hub_(executor_, history_, Revision(10)) {}
  void commit(const std::string& key, int64_t revision) {
    history_.newest_ = Revision(revision);
    const Committed event = put(key, revision);
    hub_.dispatch(Revision(revision), {&event, 1});
  }
  ThreadPool executor_;
  NoHistory history_;
  WatchHub hub_;
};

TEST_F(WatchHubTest, ARestartEndsWatchesAndTheirProgressStandsStill) {
  Recorder recorder;
  const auto handle = hub_.add({KeyRange::prefix("/a/"), Revision(11)}, recorder.sink());
  commit("/a/x", 11);
  EXPECT_EQ(recorder.wait_events(1).size(), 1u);
  EXPECT_EQ(handle->progress(), Revision(11));
  history_.newest_ = Revision(50);
  hub_.restart(Revision(50), compacted());
  ASSERT_TRUE(recorder.wait_end());
  EXPECT_EQ(handle->progress(), Revision(11)) << "it was never told of 12 to 50";
  commit("/a/y", 51);
  EXPECT_EQ(handle->progress(), Revision(11));
  EXPECT_EQ(recorder.wait_events(0).size(), 1u);
}

TEST_F(WatchHubTest, AWatchOpenedAfterARestartFollows) {
  hub_.restart(Revision(50), compacted());
  history_.newest_ = Revision(50);
  Recorder recorder;
  const auto handle = hub_.add({KeyRange::prefix("/a/"), Revision(51)}, recorder.sink());
  EXPECT_EQ(handle->progress(), Revision(50));
  commit("/b/other", 51);
  EXPECT_EQ(handle->progress(), Revision(51)) << "nothing of its own came, which is progress too";
  commit("/a/x", 52);
  EXPECT_EQ(recorder.wait_events(1).size(), 1u);
}

}  // namespace
}  // namespace mizzen::store
