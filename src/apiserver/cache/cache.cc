#include "apiserver/cache/cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/cache/roster.h"
#include "base/check.h"
#include "store/contract/pages.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {
namespace {

constexpr Duration kLoadTimeout = std::chrono::seconds(60);
/// Between two tries to load again, doubled each time, and as much again by chance.
constexpr Duration kLoadWaitMin = std::chrono::milliseconds(100);
constexpr Duration kLoadWaitMax = std::chrono::seconds(10);
/// How often those who wait for a revision are looked at where nothing wakes them: other keys' changes do
/// not.
constexpr Duration kPollPeriod = std::chrono::milliseconds(5);
/// How long stop() waits for a lane that may have ended.
constexpr Duration kLaneWaitMax = std::chrono::seconds(2);

Error shutting_down() { return Error(Code::ServiceUnavailable, "the server is shutting down"); }

Error too_large(int64_t wanted, int64_t current) {
  ErrorDetails details;
  details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  details.retry_after_seconds = 1;
  return Error(Code::Timeout,
               fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current),
               std::move(details));
}

}  // namespace

ResourceCache::ResourceCache(const api::ResourceInfo& resource, Deps deps, ChangeRing::Options ring)
    : resource_(resource.share()),
      deps_(deps),
      prefix_(storage_prefix(resource)),
      home_(std::make_shared<EntryHome>(resource, deps.companions)),
      ring_(ring) {}

ResourceCache::~ResourceCache() { stop(); }

Result<void> ResourceCache::start(Deadline deadline) { return load(deadline); }

void ResourceCache::start_later() {
  {
    Lock lock(m_);
    if (feed_ != Feed::None) return;
    feed_ = Feed::Lost;
  }
  load_again(0);
}

void ResourceCache::stop() { stop(shutting_down()); }

void ResourceCache::stop(const Error& why) {
  std::shared_ptr<store::Watch> watch;
  std::vector<Waiter> waiters;
  std::vector<std::shared_ptr<Roster>> rosters;
  {
    Lock lock(m_);
    feed_ = Feed::Stopped;
    if (!ended_) ended_ = why;
    watch.swap(watch_);
    waiters.swap(waiters_);
    rosters.swap(rosters_);
  }
  watch.reset();
  for (const Waiter& w : waiters) w.done(why);
  // Functions posted to a lane before now may still come here: they are let through first.
  struct Fence {
    Mutex m;
    CondVar changed;
    size_t left MZ_GUARDED_BY(m) = 0;
  };
  auto fence = std::make_shared<Fence>();
  {
    Lock lock(fence->m);
    fence->left = rosters.size();
  }
  const auto self = weak_from_this().lock();  // nobody where it is being destroyed
  for (const auto& roster : rosters) {
    // Told when the function is gone, whether it ran or its lane has ended.
    std::shared_ptr<void> passed(nullptr, [fence](void*) {
      Lock lock(fence->m);
      --fence->left;
      fence->changed.notify_all();
    });
    if (roster->lane().here()) {
      roster->stop(why);
    } else {
      roster->lane().post([roster, self, why, passed = std::move(passed)] { roster->stop(why); });
    }
  }
  const Deadline deadline = Deadline::after(kLaneWaitMax, deps_.runtime.clock);
  Lock lock(fence->m);
  while (fence->left > 0 && fence->changed.wait_until(fence->m, deadline)) {
  }
}

Result<void> ResourceCache::load(Deadline deadline) {
  EntryTree tree;
  absl::flat_hash_map<std::string, std::string> unreadable;
  int64_t newest = 0;
  store::RangeRequest request;
  request.range = store::KeyRange::prefix(prefix_);
  request.count_rest = false;
  store::Pages pages(deps_.store, std::move(request));
  for (;;) {
    MZ_ASSIGN(const auto page, pages.next(deadline));
    if (!page) break;
    for (const store::KeyValue& kv : page->kvs) {
      std::string why;
      if (EntryPtr entry = decode_entry(kv, why)) {
        tree.set(std::move(entry));
      } else {
        unreadable[kv.key.substr(prefix_.size())] = std::move(why);
      }
      newest = std::max(newest, kv.mod_revision.get());
    }
  }
  const store::Revision loaded = pages.revision();
  std::shared_ptr<store::Watch> before;  // one that was lost; goes without the lock
  {
    Lock lock(m_);
    if (feed_ == Feed::Stopped) return *ended_;
    before.swap(watch_);
    tree_ = std::move(tree);
    indexes_.clear();
    unreadable_ = std::move(unreadable);
    ring_.restart(loaded.get());
    applied_ = loaded.get();
    newest_change_ = newest;
    feed_ = Feed::Live;
  }
  std::shared_ptr<store::Watch> watch =
      deps_.store.watch({store::KeyRange::prefix(prefix_), store::Revision(loaded.get() + 1)},
                        [this](const store::WatchMessage& m) { on_message(m); });
  loads_.fetch_add(1, std::memory_order_relaxed);
  std::vector<Waiter> ready;
  {
    Lock lock(m_);
    // A watch that ended at once has been noted already.
    if (feed_ == Feed::Live) watch_ = std::move(watch);
    ready = take_satisfied();
  }
  for (const Waiter& w : ready) w.done({});
  return {};
}

EntryPtr ResourceCache::make_entry(const store::KeyValue& kv, std::string& unreadable) const {
  auto object = prepared_->take(kv.value);
  if (!object) return decode_entry(kv, unreadable);
  return Entry::stamp(home_, std::string_view(kv.key).substr(prefix_.size()), kv.mod_revision.get(),
                      stored_object(store::view(kv.value)), std::move(*object));
}

EntryPtr ResourceCache::decode_entry(const store::KeyValue& kv, std::string& unreadable) const {
  const int64_t revision = kv.mod_revision.get();
  auto object = decode_stored(*resource_, store::view(kv.value), revision);
  if (!object.ok()) {
    unreadable = object.error().message();
    log::error("apiserver", "stored object cannot be read",
               {log::kv("key", kv.key), log::kv("revision", revision), log::kv("err", unreadable)});
    return nullptr;
  }
  return Entry::encode(home_, std::string_view(kv.key).substr(prefix_.size()), revision, std::move(*object));
}

/// The state of `key` after the steps that are not in the tree yet. Only the store's sink changes the tree
/// and calls this.
EntryPtr ResourceCache::current(const std::string& key, const std::vector<Step>& before) const {
  for (auto it = before.rbegin(); it != before.rend(); ++it)
    if (it->key == key) return it->entry;
  Lock lock(m_);
  return tree_.find(key);
}

ResourceCache::Step ResourceCache::step_of(const store::Event& event, const std::vector<Step>& before) const {
  Step out;
  MZ_CHECK(event.kv.key.starts_with(prefix_), "{} was told of {}", prefix_, event.kv.key);
  out.key = event.kv.key.substr(prefix_.size());
  EntryPtr previous = current(out.key, before);
  const int64_t revision = event.kv.mod_revision.get();
  if (event.type == store::Event::Type::Put) out.entry = make_entry(event.kv, out.unreadable);
  if (out.entry) {
    const ChangeType type = previous ? ChangeType::Modified : ChangeType::Added;
    out.change = std::make_shared<Change>(type, out.entry, std::move(previous), revision);
  } else if (previous) {
    // Gone, or no longer to be read: nobody may go on with what it was.
    EntryPtr last = previous->at(revision);
    out.change =
        std::make_shared<Change>(ChangeType::Deleted, std::move(last), std::move(previous), revision);
  }
  return out;
}

void ResourceCache::on_message(const store::WatchMessage& message) {
  if (message.end) return lose_feed(*message.end);
  received_.fetch_add(message.events.size(), std::memory_order_relaxed);
  std::vector<Step> steps;
  steps.reserve(message.events.size());
  for (const store::Event* event : message.events) steps.push_back(step_of(*event, steps));
  const Monotonic now = steps.empty() ? Monotonic() : deps_.runtime.clock.monotonic();
  std::vector<EntryPtr> replaced;  // may be the last to know an entry: destroyed without the lock
  replaced.reserve(steps.size());
  std::vector<Waiter> ready;
  {
    Lock lock(m_);
    if (feed_ != Feed::Live) return;
    for (Step& step : steps) {
      const EntryPtr now_there = step.entry;
      replaced.push_back(step.entry ? tree_.set(std::move(step.entry)) : tree_.erase(step.key));
      indexes_.changed(replaced.back(), now_there);
      if (!step.unreadable.empty()) {
        unreadable_[step.key] = std::move(step.unreadable);
      } else if (!unreadable_.empty()) {
        unreadable_.erase(step.key);
      }
      if (!step.change) continue;
      MZ_CHECK(step.change->revision() >= newest_change_, "a change at {} after one at {}",
               step.change->revision(), newest_change_);
      newest_change_ = step.change->revision();
      ring_.push(std::move(step.change), now);
      dispatched_.fetch_add(1, std::memory_order_relaxed);
    }
    MZ_CHECK(message.revision.get() >= newest_change_, "told of {} in a message up to {}", newest_change_,
             message.revision.get());
    applied_ = std::max(applied_, message.revision.get());
    if (!steps.empty())
      for (const auto& roster : rosters_)
        if (roster->size() > 0) roster->wake();
    ready = take_satisfied();
  }
  for (const Waiter& w : ready) w.done({});
}

void ResourceCache::lose_feed(const Error& error) {
  std::vector<std::shared_ptr<Roster>> rosters;
  {
    Lock lock(m_);
    if (feed_ != Feed::Live) return;
    // The watch stays until the next one: whoever lets go of it waits for this call, as stop() has to.
    feed_ = Feed::Lost;
    rosters = rosters_;
    ring_.restart(applied_);
  }
  log::warn("apiserver", "the store's feed of changes ended, loading again",
            {log::kv("resource", resource_->plural), log::kv("err", error.message())});
  const Error expired(Code::Expired, "the feed of changes was lost: list again");
  for (const auto& roster : rosters) roster->lane().post([roster, expired] { roster->end_all(expired); });
  load_again(0);
}

void ResourceCache::load_again(int attempt) {
  const Duration base = std::min(kLoadWaitMax, kLoadWaitMin * (int64_t{1} << std::min(attempt, 20)));
  const Duration wait(
      static_cast<int64_t>(static_cast<double>(base.count()) * (1 + deps_.runtime.random.unit())));
  deps_.runtime.timers.after(wait, [weak = weak_from_this(), attempt] {
    if (const auto self = weak.lock()) self->try_again(attempt);
  });
}

void ResourceCache::try_again(int attempt) {
  {
    Lock lock(m_);
    if (feed_ != Feed::Lost) return;
  }
  const auto loaded = load(Deadline::after(kLoadTimeout, deps_.runtime.clock));
  if (loaded.ok()) return;
  log::error("apiserver", "loading failed, trying again",
             {log::kv("resource", resource_->plural), log::kv("err", loaded.error().message())});
  load_again(attempt + 1);
}

int64_t ResourceCache::progress() const {
  return feed_ == Feed::Live && watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
}

int64_t ResourceCache::revision() const {
  Lock lock(m_);
  return progress();
}

bool ResourceCache::has_reached(int64_t revision) const {
  Lock lock(m_);
  return feed_ == Feed::Live && progress() >= revision;
}

std::vector<ResourceCache::Waiter> ResourceCache::take_satisfied() {
  std::vector<Waiter> out;
  if (waiters_.empty()) return out;
  const int64_t now = progress();
  const auto first =
      std::partition(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.revision > now; });
  out.assign(std::make_move_iterator(first), std::make_move_iterator(waiters_.end()));
  waiters_.erase(first, waiters_.end());
  return out;
}

void ResourceCache::when_reached(int64_t wanted, Deadline deadline, Reached done) {
  std::optional<Error> refused;
  bool reached = false, poll = false;
  {
    Lock lock(m_);
    // While nothing is loaded, what the tree shows may be older than what it says.
    reached = feed_ == Feed::Live && progress() >= wanted;
    if (!reached && feed_ == Feed::Stopped) refused = ended_;
    if (!reached && waiters_.size() >= kWaitersMax)
      refused = Error(Code::TooManyRequests, "Too many requests, please try again later.");
    if (!reached && !refused) {
      waiters_.push_back({wanted, deadline, std::move(done)});
      if (watch_) watch_->request_progress();
      poll = !std::exchange(polling_, true);
    }
  }
  if (reached) return done({});
  if (refused) return done(*refused);
  if (poll) poll_later();
}

void ResourceCache::poll_later() {
  deps_.runtime.timers.after(kPollPeriod, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->poll_waiters();
  });
}

void ResourceCache::poll_waiters() {
  std::vector<Waiter> ready, late;
  int64_t current = 0;
  bool again = false;
  {
    Lock lock(m_);
    if (feed_ == Feed::Live) ready = take_satisfied();
    const auto first = std::partition(waiters_.begin(), waiters_.end(),
                                      [&](const Waiter& w) { return !w.deadline.expired(); });
    late.assign(std::make_move_iterator(first), std::make_move_iterator(waiters_.end()));
    waiters_.erase(first, waiters_.end());
    current = progress();
    again = polling_ = !waiters_.empty();
    if (again && watch_) watch_->request_progress();
  }
  for (const Waiter& w : ready) w.done({});
  for (const Waiter& w : late) w.done(too_large(w.revision, current));
  if (again) poll_later();
}

Result<void> ResourceCache::wait_for(int64_t wanted, Deadline deadline) {
  struct Answer {
    Mutex m;
    CondVar changed;
    std::optional<Result<void>> result MZ_GUARDED_BY(m);
  };
  auto answer = std::make_shared<Answer>();
  when_reached(wanted, deadline, [answer](Result<void> r) {
    Lock lock(answer->m);
    answer->result = std::move(r);
    answer->changed.notify_all();
  });
  Lock lock(answer->m);
  while (!answer->result) answer->changed.wait(answer->m);
  return *answer->result;
}

EntryPtr ResourceCache::find(const std::string& key) const {
  Lock lock(m_);
  return tree_.find(key);
}

Snapshot ResourceCache::snapshot() const {
  Lock lock(m_);
  return {tree_, progress(), newest_change_};
}

Result<void> ResourceCache::readable(const Filter& filter) const {
  Lock lock(m_);
  for (const auto& [key, why] : unreadable_) {
    const size_t slash = key.find('/');
    const std::string_view ns =
        resource_->namespaced ? std::string_view(key).substr(0, slash) : std::string_view();
    const std::string_view name =
        resource_->namespaced ? std::string_view(key).substr(slash + 1) : std::string_view(key);
    if ((!filter.namespace_.empty() && filter.namespace_ != ns) ||
        (!filter.name.empty() && filter.name != name))
      continue;
    return Error(Code::InternalError,
                 fmt::format("unable to read {} {}: {}", resource_->qualified(), key, why));
  }
  return {};
}

ResourceCache::Stats ResourceCache::stats() const { return {received_, dispatched_, initial_, loads_}; }

size_t ResourceCache::size() const {
  Lock lock(m_);
  return tree_.size();
}

Result<std::shared_ptr<Subscription>> ResourceCache::subscribe(Lane& lane, Filter filter, WatchStart start,
                                                               std::shared_ptr<WatcherSink> sink) {
  MZ_CHECK(lane.here(), "a watch begins away from its lane");
  std::shared_ptr<Roster> roster;
  {
    Lock lock(m_);
    if (feed_ == Feed::Stopped) return *ended_;
    if (feed_ != Feed::Live) return Error(Code::ServiceUnavailable, "the watch cache is loading, try again");
    for (const auto& r : rosters_)
      if (&r->lane() == &lane) roster = r;
    if (!roster)
      rosters_.push_back(roster = std::make_shared<Roster>(*this, lane, deps_.runtime.clock, applied_));
  }
  auto out = std::make_shared<Subscription>(*this, roster, std::move(filter), start, std::move(sink));
  roster->add(out);
  lane.post([out] { out->resume(); });
  return out;
}

bool ResourceCache::read_ring(int64_t revision, size_t max, std::vector<ChangePtr>& out,
                              int64_t& reached) const {
  Lock lock(m_);
  reached = applied_;
  if (revision < ring_.reaches_back_to()) return false;
  ring_.read(revision, max, out);
  return true;
}

void ResourceCache::expire_changes() {
  Lock lock(m_);
  const Monotonic now = deps_.runtime.clock.monotonic();
  ring_.expire(now);
  indexes_.expire(now);
}

void ResourceCache::send_bookmarks() {
  Lock lock(m_);
  if (feed_ != Feed::Live) return;
  // Posted under the lock: changes up to here have been told to the rosters before.
  for (const auto& roster : rosters_)
    if (roster->size() > 0) roster->lane().post([roster, now = progress()] { roster->bookmark(now); });
}

std::shared_ptr<void> ResourceCache::prepare(const store::Bytes& bytes, machinery::MutableObject object) {
  Lock lock(prepared_->m);
  prepared_->objects[bytes.get()] = std::move(object);
  return std::shared_ptr<void>(nullptr, [prepared = prepared_, bytes](void*) { prepared->take(bytes); });
}

EntryPtr ResourceCache::written(std::string_view key, int64_t revision, const store::Bytes& bytes) const {
  EntryPtr entry = find(std::string(key));
  if (entry && entry->revision() == revision) return entry;
  if (auto object = prepared_->take(bytes))
    return Entry::stamp(home_, key, revision, stored_object(store::view(bytes)), std::move(*object));
  auto object = decode_stored(*resource_, store::view(bytes), revision);
  MZ_CHECK(object.ok(), "{} does not read what it wrote: {}", key, object.error().message());
  return Entry::encode(home_, key, revision, std::move(*object));
}

std::optional<machinery::MutableObject> ResourceCache::Prepared::take(const store::Bytes& bytes) {
  Lock lock(m);
  const auto it = objects.find(bytes.get());
  if (it == objects.end()) return std::nullopt;
  std::optional<machinery::MutableObject> out(std::move(it->second));
  objects.erase(it);
  return out;
}

}  // namespace mizzen::apiserver
