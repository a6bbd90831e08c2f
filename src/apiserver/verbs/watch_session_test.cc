#include "apiserver/verbs/watch_session.h"

#include <algorithm>
#include <set>

#include "apiserver/testing/cache_fixture.h"
#include "apiserver/verbs/loop_lane.h"
#include "http/exchange/wire.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver::testing {
namespace {

constexpr size_t kWatchers = 1'000;
constexpr int kChanges = 300;
constexpr size_t kBuffer = 128 * 1024;

/// Watches over streams that have a buffer and no peer: nobody takes anything before the test does.
class WatchSessionTest : public CacheTest {
 protected:
  struct Peer {
    std::shared_ptr<http::StreamCore> core;
    std::shared_ptr<WatchSession> session;

    /// What comes, as it comes: taking makes room for more.
    std::string read() const {
      std::string out;
      http::Slice slice;
      while (core->take(slice)) out += slice.view();
      return out;
    }
  };

  void TearDown() override {
    CacheTest::TearDown();
    loops_.stop();
  }
  void on_loop(const std::function<void()>& f) {
    std::atomic<bool> done = false;
    loop_.post([&] {
      f();
      done = true;
      done.notify_all();
    });
    done.wait(false);
  }
  /// On the loop.
  Peer open(int64_t from) {
    const auto& resource = cache_->resource();
    View view;
    view.resource = resource.share();
    view.version = &resource.versions[0];
    Peer out;
    out.core = std::make_shared<http::StreamCore>(std::make_shared<http::WireLink>(loop_), kBuffer);
    const auto stream = std::make_shared<http::Stream>(out.core);
    out.session = std::make_shared<WatchSession>(view, stream, counted_);
    stream->on_drained([weak = std::weak_ptr(out.session)] {
      if (auto s = weak.lock()) s->drained();
    });
    auto made = cache_->subscribe(lane_of_loop_, {}, {from, false, false}, out.session);
    EXPECT_TRUE(made.ok());
    out.session->begin(std::move(*made));
    return out;
  }

  http::Loops loops_{{.clock = real_clock(), .random = secure_random(), .threads = 1}};
  http::Loop& loop_ = loops_.at(0);
  LoopLane lane_of_loop_{loop_};
  Metrics metrics_;
  RequestMetrics requests_{metrics_};
  RequestMetrics::WatchSeries counted_ =
      requests_.watch_series(api::resource_of<ConfigMap>(), api::resource_of<ConfigMap>().versions[0]);
};

TEST_F(WatchSessionTest, AThousandPeersThatReadNothingHoldTheirBuffersAndShareWhatIsInThem) {
  start();
  const auto first = put("n/a");
  std::vector<Peer> peers;
  const auto follows = std::make_shared<Watcher>();
  std::shared_ptr<Subscription> live;
  on_loop([&] {
    for (size_t i = 0; i < kWatchers; ++i) peers.push_back(open(first));
    // The last to be told of a change: when it knows of all, everybody has been told.
    live = *cache_->subscribe(lane_of_loop_, {}, {first, false, false}, follows);
  });
  const std::string payload(4'000, 'x');
  std::vector<int64_t> revisions;
  for (int i = 0; i < kChanges; ++i) revisions.push_back(put("n/a", payload + std::to_string(i)));
  ASSERT_EQ(follows->wait(kChanges).size(), static_cast<size_t>(kChanges));

  size_t held = 0, buffered = 0, largest = 0, shared = 0, full = 0;
  const Deadline deadline = Deadline::after(std::chrono::seconds(60), real_clock());
  const auto count = [&] {
    std::set<const char*> frames;
    held = static_cast<size_t>(counted_.sizes.sum());
    buffered = largest = shared = full = 0;
    for (const Peer& peer : peers) {
      Lock lock(peer.core->m);
      full += peer.core->was_full ? 1 : 0;
      buffered += peer.core->buffered;
      for (const http::Slice& frame : peer.core->queue) {
        largest = std::max(largest, frame.size());
        if (frames.insert(frame.data()).second) shared += frame.size();
      }
    }
  };
  // Those that are behind read on by themselves, in turns.
  while (full < kWatchers && !deadline.expired()) on_loop(count);
  ASSERT_EQ(full, kWatchers) << "the changes are more than a buffer takes";
  // Nothing has been taken, so that all that was ever handed out is held: in a stream, or before it.
  EXPECT_LE(held, kWatchers * (kBuffer + largest)) << "a buffer and one frame each";
  EXPECT_GT(held, kWatchers * (kBuffer - largest));
  EXPECT_LE(held - buffered, kWatchers * largest) << "one frame waits outside";
  // All hold the same bytes, but where frames were let go between two that were told.
  EXPECT_LE(shared, 2 * kBuffer);

  std::string seen;
  for (int i = 0; i < 10'000 && std::count(seen.begin(), seen.end(), '\n') < kChanges; ++i)
    on_loop([&] { seen += peers[7].read(); });
  size_t at = 0;
  for (const int64_t revision : revisions) {
    at = seen.find(fmt::format("\"resourceVersion\":\"{}\"", revision), at);
    ASSERT_NE(at, std::string::npos) << "whoever reads at last gets every change, in order: " << revision;
  }
  on_loop([&] {
    for (const Peer& peer : peers) peer.session->closed();
    live->close();
  });
}

}  // namespace
}  // namespace mizzen::apiserver::testing
