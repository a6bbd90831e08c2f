#include "store/local/watch_hub.h"

#include <absl/strings/string_view.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/cooperation.h"
#include "store/contract/errors.h"

namespace mizzen::store {
namespace {

const PerThread g_sink_depth;

/// Everything below a prefix that ends in '/'.
bool is_folder(const KeyRange& range) {
  return range.from.ends_with('/') && range.to == KeyRange::prefix(range.from).to;
}

}  // namespace

SinkScope::SinkScope() { ++g_sink_depth.get(); }
SinkScope::~SinkScope() { --g_sink_depth.get(); }

/// One watch. next_ and the sink are touched only under m_, which is held during sink calls.
class WatchHub::Watcher {
 public:
  Watcher(WatchHub& hub, uint64_t number, WatchRequest request, WatchSink sink)
      : hub_(hub),
        number_(number),
        request_(std::move(request)),
        sink_(std::move(sink)),
        next_(request_.from.get()) {}

  /// In the order they came: they are told in an order that is the same in every run.
  uint64_t number() const { return number_; }
  const WatchRequest& request() const { return request_; }
  Revision next() const { return Revision(next_.load(std::memory_order_acquire)); }
  void set_next(Revision next) { next_.store(next.get(), std::memory_order_release); }
  bool live() const { return live_.load(std::memory_order_acquire); }
  void set_live() { live_.store(true, std::memory_order_release); }
  /// It will see nothing more: what others are told no longer counts as its progress.
  void end_live() { live_.store(false, std::memory_order_release); }
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  Revision progress() const {
    // live_ before delivered_: a watch that went live after the load of delivered_ may not claim what it
    // missed.
    const bool live = this->live();
    const int64_t own = next_.load(std::memory_order_acquire) - 1;
    return Revision(live ? std::max(own, hub_.delivered_.load(std::memory_order_acquire)) : own);
  }

  /// Hands over the events of the range that are not older than next_.
  void deliver(Revision through, std::span<const Committed* const> events) {
    std::vector<const Event*> picked;
    picked.reserve(events.size());
    const Revision next = this->next();
    std::vector<Event> own;  // those that had to be copied to add what was there before
    own.reserve(request_.prev_kv ? events.size() : 0);
    for (const Committed* const each : events) {
      const Committed& committed = *each;
      const Event& event = committed.event;
      if (event.kv.mod_revision < next || !request_.range.contains(event.kv.key)) continue;
      if (request_.prev_kv && !event.prev && committed.prev_revision.get() > 0) {
        own.push_back(event);
        own.back().prev = hub_.history_.at_revision(event.kv.key, committed.prev_revision);
        picked.push_back(&own.back());
      } else {
        picked.push_back(&event);
      }
    }
    if (picked.empty()) return;
    send(WatchMessage{through, picked, std::nullopt});
  }

  /// Calls the sink unless cancelled; the first end is the last message.
  void send(const WatchMessage& message) {
    Lock lock(m_);
    call_sink(message);
  }

  /// Under the lock, so that no message with a later revision can come between.
  void send_progress() {
    Lock lock(m_);
    call_sink(WatchMessage{progress(), {}, std::nullopt});
  }

  void cancel() {
    cancelled_.store(true, std::memory_order_release);
    if (in_sink_.load(std::memory_order_acquire) &&
        sink_thread_.load(std::memory_order_acquire) == this_thread_id()) {
      return;  // called by the sink itself
    }
    Lock lock(m_);  // waits for a call in progress
  }

  std::atomic<bool> progress_asked{false};

 private:
  void call_sink(const WatchMessage& message) MZ_REQUIRES(m_) {
    if (cancelled()) return;
    MZ_CHECK(message.events.empty() || message.events.back()->kv.mod_revision <= message.revision,
             "a message up to {} has a change of {}", message.revision.get(),
             message.events.back()->kv.mod_revision.get());
    if (message.end) cancelled_.store(true, std::memory_order_release);
    sink_thread_.store(this_thread_id(), std::memory_order_release);
    in_sink_.store(true, std::memory_order_release);
    {
      const SinkScope scope;
      sink_(message);
    }
    in_sink_.store(false, std::memory_order_release);
    if (message.revision >= next()) set_next(Revision(message.revision.get() + 1));
  }

  WatchHub& hub_;
  const uint64_t number_;
  const WatchRequest request_;
  const WatchSink sink_;
  std::atomic<int64_t> next_;
  std::atomic<bool> live_{false};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> in_sink_{false};
  std::atomic<uint64_t> sink_thread_{0};
  Mutex m_;
};

class WatchHub::Handle final : public Watch {
 public:
  Handle(WatchHub& hub, std::shared_ptr<Watcher> watcher) : hub_(hub), watcher_(std::move(watcher)) {}
  ~Handle() override {
    watcher_->cancel();
    hub_.remove(watcher_);
  }
  Revision progress() const override { return watcher_->progress(); }
  void request_progress() override { hub_.request_progress(watcher_); }

 private:
  WatchHub& hub_;
  const std::shared_ptr<Watcher> watcher_;
};

WatchHub::WatchHub(Executor& catch_up, History& history, Revision newest)
    : executor_(catch_up),
      history_(history),
      delivered_(newest.get()),
      live_(std::make_shared<const Live>()),
      dispatched_(newest) {}

WatchHub::~WatchHub() { end_all(stopped()); }

void WatchHub::forbid_in_sink(const char* call) {
  if (g_sink_depth.get() == 0) return;
  std::fprintf(stderr, "store: %s called from a watch sink or commit callback\n", call);
  std::abort();
}

void WatchHub::start_at(Revision newest) {
  Lock lock(m_);
  dispatched_ = newest;
  delivered_ = newest.get();
}

std::unique_ptr<Watch> WatchHub::add(WatchRequest request, WatchSink sink) {
  auto watcher = std::make_shared<Watcher>(*this, ++last_number_, std::move(request), std::move(sink));
  auto handle = std::make_unique<Handle>(*this, watcher);
  std::optional<Error> refused;
  bool behind = false;
  {
    Lock lock(m_);
    if (ended_) {
      refused = ended_;
    } else if (live_->all.size() + catching_up_.size() >= kWatchesMax) {
      refused = too_many_requests();
    } else {
      if (watcher->request().prev_kv) ++prev_wanted_;
      // 0 means from now on: after everything that can be read already, dispatched or not.
      if (watcher->next().get() == 0) watcher->set_next(Revision(history_.newest().get() + 1));
      behind = watcher->next() <= dispatched_;
      if (behind) {
        catching_up_.push_back(watcher);
      } else {
        auto live = std::make_shared<Live>(*live_);
        live->add(watcher);
        live_ = std::move(live);
        watcher->set_live();
      }
    }
  }
  if (refused) {
    watcher->send(WatchMessage{{}, {}, std::move(refused)});
  } else if (behind) {
    start_catch_up(std::move(watcher));
  }
  return handle;
}

void WatchHub::start_catch_up(std::shared_ptr<Watcher> watcher) {
  if (executor_.post([this, watcher] { catch_up(watcher); })) return;
  watcher->send(WatchMessage{{}, {}, too_many_requests()});
}

void WatchHub::catch_up(const std::shared_ptr<Watcher>& watcher) {
  if (watcher->cancelled()) return;
  const Revision from = watcher->next();
  Result<History::Chunk> chunk =
      history_.read_history(from, watcher->request().range, watcher->request().prev_kv);
  if (!chunk.ok()) {
    watcher->send(WatchMessage{{}, {}, chunk.error()});
    return;
  }
  if (chunk->events.empty()) {
    if (chunk->through >= from) watcher->set_next(Revision(chunk->through.get() + 1));
  } else {
    std::vector<const Committed*> events;
    events.reserve(chunk->events.size());
    for (const Committed& c : chunk->events) events.push_back(&c);
    watcher->deliver(chunk->through, events);
  }
  // One chunk at a time, so that many watches that are behind share the executor.
  if (!try_go_live(watcher)) start_catch_up(watcher);
}

bool WatchHub::try_go_live(const std::shared_ptr<Watcher>& watcher) {
  Lock lock(m_);
  if (ended_ || watcher->cancelled()) return true;
  if (watcher->next() <= dispatched_) return false;
  std::erase(catching_up_, watcher);
  auto live = std::make_shared<Live>(*live_);
  live->add(watcher);
  live_ = std::move(live);
  watcher->set_live();
  return true;
}

void WatchHub::remove(const std::shared_ptr<Watcher>& watcher) {
  Lock lock(m_);
  size_t found = std::erase(catching_up_, watcher);
  if (std::find(live_->all.begin(), live_->all.end(), watcher) != live_->all.end()) {
    auto live = std::make_shared<Live>(*live_);
    live->remove(watcher);
    live_ = std::move(live);
    ++found;
  }
  MZ_CHECK(found <= 1, "a watch is live and behind at once");
  if (found > 0 && watcher->request().prev_kv) --prev_wanted_;
}

void WatchHub::Live::add(const std::shared_ptr<Watcher>& watcher) {
  all.push_back(watcher);
  const KeyRange& range = watcher->request().range;
  if (is_folder(range)) {
    by_folder[range.from].push_back(watcher);
  } else {
    elsewhere.push_back(watcher);
  }
}

void WatchHub::Live::remove(const std::shared_ptr<Watcher>& watcher) {
  std::erase(all, watcher);
  const KeyRange& range = watcher->request().range;
  if (!is_folder(range)) {
    std::erase(elsewhere, watcher);
    return;
  }
  const auto it = by_folder.find(range.from);
  MZ_CHECK(it != by_folder.end(), "no watcher of {} is known", range.from);
  std::erase(it->second, watcher);
  if (it->second.empty()) by_folder.erase(it);
}

void WatchHub::pick(const Live& live, std::span<const Committed> events) {
  picked_.clear();
  for (const Committed& committed : events) {
    const std::string& key = committed.event.kv.key;
    for (const auto& watcher : live.elsewhere)
      if (watcher->request().range.contains(key)) picked_.emplace_back(watcher, &committed);
    if (live.by_folder.empty()) continue;
    for (size_t slash = key.find('/'); slash != std::string::npos; slash = key.find('/', slash + 1)) {
      const auto it = live.by_folder.find(absl::string_view(key.data(), slash + 1));
      if (it == live.by_folder.end()) continue;
      for (const auto& watcher : it->second) picked_.emplace_back(watcher, &committed);
    }
  }
  // One message for each watcher; its events stay in order.
  if (events.size() > 1)
    std::stable_sort(picked_.begin(), picked_.end(),
                     [](const auto& a, const auto& b) { return a.first->number() < b.first->number(); });
}

void WatchHub::dispatch(Revision through, std::span<const Committed> events) {
  std::shared_ptr<const Live> live;
  {
    Lock lock(m_);
    MZ_CHECK(through >= dispatched_, "a commit at {} after one at {}", through.get(), dispatched_.get());
    dispatched_ = through;
    live = live_;
  }
  pick(*live, events);
  std::vector<const Committed*> own;
  for (size_t i = 0; i < picked_.size();) {
    const std::shared_ptr<Watcher>& watcher = picked_[i].first;
    own.clear();
    for (; i < picked_.size() && picked_[i].first == watcher; ++i) own.push_back(picked_[i].second);
    watcher->deliver(through, own);
  }
  picked_.clear();
  bool asked = false;
  {
    Lock lock(m_);
    delivered_.store(through.get(), std::memory_order_release);
    asked = progress_asked_.exchange(false, std::memory_order_relaxed);
    live = live_;
  }
  if (!asked) return;
  for (const auto& watcher : live->all) {
    if (watcher->progress_asked.exchange(false)) watcher->send_progress();
  }
}

void WatchHub::request_progress(const std::shared_ptr<Watcher>& watcher) {
  const Revision target = history_.newest();
  {
    Lock lock(m_);
    if (ended_ || watcher->cancelled()) return;
    // While events are on their way (or history is), the message follows them.
    if (watcher->progress() < target) {
      watcher->progress_asked = true;
      progress_asked_ = true;
      if (watcher->live()) return;
    }
  }
  const bool posted = executor_.post([this, watcher, target] {
    if (watcher->cancelled()) return;
    if (watcher->progress() >= target) {
      watcher->progress_asked = false;
      watcher->send_progress();
    } else {
      request_progress(watcher);
    }
  });
  if (posted) return;
  watcher->progress_asked = true;  // the next commit sends it
  progress_asked_ = true;
}

WatchHub::List WatchHub::take_all() {
  List all = std::exchange(catching_up_, {});
  all.insert(all.end(), live_->all.begin(), live_->all.end());
  live_ = std::make_shared<const Live>();
  for (const auto& watcher : all) watcher->end_live();
  for (const auto& watcher : all) prev_wanted_ -= watcher->request().prev_kv ? 1 : 0;
  return all;
}

void WatchHub::restart(Revision newest, const Error& error) {
  List all;
  {
    Lock lock(m_);
    if (ended_) return;
    all = take_all();
    dispatched_ = newest;
    delivered_ = newest.get();
  }
  for (const auto& watcher : all) watcher->send(WatchMessage{{}, {}, error});
}

void WatchHub::end_all(const Error& error) {
  List all;
  {
    Lock lock(m_);
    if (ended_) return;
    ended_ = error;
    all = take_all();
  }
  for (const auto& watcher : all) watcher->send(WatchMessage{{}, {}, error});
}

}  // namespace mizzen::store
