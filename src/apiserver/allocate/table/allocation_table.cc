#include "apiserver/allocate/table/allocation_table.h"

#include <fmt/format.h>

#include "store/contract/pages.h"

namespace mizzen::apiserver {
namespace {

/// Longer than a store elsewhere takes to tell its watchers.
constexpr Duration kSuspicion = std::chrono::seconds(10);

std::string owner_of(const store::KeyValue& kv) { return std::string(store::view(kv.value)); }

}  // namespace

std::string address_key(std::string_view address) {
  return fmt::format("{}addresses/{}", kAllocationPrefix, address);
}
std::string port_key(int32_t port) { return fmt::format("{}ports/{}", kAllocationPrefix, port); }

Result<void> AllocationTable::start(Deadline deadline) {
  stop();  // what an older watch still has to tell must not come after what is read now
  std::unordered_map<std::string, Holding> held;
  store::RangeRequest request;
  request.range = store::KeyRange::prefix(std::string(kAllocationPrefix));
  request.count_rest = false;
  store::Pages pages(deps_.store, std::move(request));
  for (;;) {
    MZ_ASSIGN(const auto page, pages.next(deadline));
    if (!page) break;
    for (const store::KeyValue& kv : page->kvs) held[kv.key] = {owner_of(kv), kv.mod_revision};
  }
  {
    Lock lock(m_);
    held_ = std::move(held);
  }
  store::WatchRequest watch;
  watch.range = store::KeyRange::prefix(std::string(kAllocationPrefix));
  watch.from = store::Revision(pages.revision().get() + 1);
  std::shared_ptr<store::Watch> opened =
      deps_.store.watch(std::move(watch), [this](const store::WatchMessage& m) { on_message(m); });
  Lock lock(m_);
  watch_ = std::move(opened);
  return {};
}

void AllocationTable::stop() {
  std::shared_ptr<store::Watch> before;
  {
    Lock lock(m_);
    before = std::move(watch_);
  }
  before.reset();  // not under the lock: it waits for a running sink
}

void AllocationTable::on_message(const store::WatchMessage& message) {
  if (message.end) return deps_.on_lost();
  Lock lock(m_);
  for (const store::Event* event : message.events) {
    suspected_.erase(event->kv.key);
    if (event->type == store::Event::Type::Delete) {
      held_.erase(event->kv.key);
    } else {
      held_[event->kv.key] = {owner_of(event->kv), event->kv.mod_revision};
    }
  }
}

bool AllocationTable::taken(const std::string& key) const {
  Lock lock(m_);
  if (held_.contains(key)) return true;
  const auto it = suspected_.find(key);
  return it != suspected_.end() && it->second > deps_.clock.monotonic();
}

bool AllocationTable::may_release(const std::string& key, std::string_view owner) const {
  Lock lock(m_);
  const auto it = held_.find(key);
  return it == held_.end() || it->second.owner == owner;
}

size_t AllocationTable::size() const {
  Lock lock(m_);
  return held_.size() + suspected_.size();
}

void AllocationTable::suspect(const std::string& key) {
  const Monotonic now = deps_.clock.monotonic();
  Lock lock(m_);
  std::erase_if(suspected_, [&](const auto& s) { return s.second <= now; });
  suspected_[key] = now + kSuspicion;
}

std::map<std::string, AllocationTable::Holding> AllocationTable::all() const {
  Lock lock(m_);
  return {held_.begin(), held_.end()};
}

}  // namespace mizzen::apiserver
