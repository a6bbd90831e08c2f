#include "store/testing/flaky_store.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/cooperation.h"
#include "store/contract/errors.h"

namespace mizzen::store {
namespace {

/// Whose sink this thread runs.
const PerThread g_in_sink;  // the tap that is in its sink

}  // namespace

/// Where a watch's messages can be cut off. The lock is held while the sink runs, so that the end is the last
/// message.
struct FlakyStore::Tap {
  Mutex m;
  WatchSink sink MZ_GUARDED_BY(m);
  std::atomic<bool> ended = false;
  std::atomic<int64_t> reached = 0;

  void pass(const WatchMessage& message) {
    Lock lock(m);
    if (ended) return;
    reached = std::max(reached.load(), message.revision.get());
    ended = message.end.has_value();
    const uint64_t outer = std::exchange(g_in_sink.get(), reinterpret_cast<uintptr_t>(this));
    sink(message);
    g_in_sink.get() = outer;
  }
};

class FlakyStore::Handle final : public Watch {
 public:
  Handle(std::shared_ptr<Tap> tap, std::unique_ptr<Watch> inner)
      : tap_(std::move(tap)), inner_(std::move(inner)) {}
  ~Handle() override {
    inner_.reset();
    if (g_in_sink.get() != reinterpret_cast<uintptr_t>(tap_.get()))
      Lock wait(tap_->m);  // for a sink that is told of a loss
  }
  Revision progress() const override {
    return tap_->ended ? Revision(tap_->reached.load()) : inner_->progress();
  }
  void request_progress() override { inner_->request_progress(); }

 private:
  const std::shared_ptr<Tap> tap_;
  std::unique_ptr<Watch> inner_;
};

void FlakyStore::lose_feed(const Error& error) {
  std::vector<std::weak_ptr<Tap>> taps;
  {
    Lock lock(m_);
    taps.swap(taps_);
  }
  for (const auto& weak : taps)
    if (const auto tap = weak.lock()) tap->pass(WatchMessage{{}, {}, error});
}

void FlakyStore::set_away(bool away) {
  Lock lock(m_);
  away_ = away;
}

size_t FlakyStore::ranges_refused() const {
  Lock lock(m_);
  return refused_;
}

void FlakyStore::before_range(BeforeRange f) {
  Lock lock(m_);
  before_range_ = std::move(f);
}

Result<RangeResult> FlakyStore::range(const RangeRequest& request, Deadline deadline) {
  BeforeRange before;
  {
    Lock lock(m_);
    before = before_range_;
    if (away_) {
      ++refused_;
      return Error(Code::ServiceUnavailable, "the store is away");
    }
  }
  if (before) MZ_TRY(before(request));
  return inner_.range(request, deadline);
}

std::unique_ptr<Watch> FlakyStore::watch(WatchRequest request, WatchSink sink) {
  auto tap = std::make_shared<Tap>();
  {
    Lock lock(tap->m);
    tap->sink = std::move(sink);
  }
  {
    Lock lock(m_);
    taps_.push_back(tap);
  }
  auto inner = inner_.watch(std::move(request), [tap](const WatchMessage& message) { tap->pass(message); });
  return std::make_unique<Handle>(std::move(tap), std::move(inner));
}

}  // namespace mizzen::store
