#include "kubelet/stats/disk_looks.h"

#include <algorithm>

namespace mizzen::kubelet {
namespace {
constexpr Duration kRestMin = std::chrono::milliseconds(1);
constexpr int kRestPerTurn = 3;
constexpr int kRestPerLook = 10;
}  // namespace

void DiskLooks::want(const std::set<std::string>& folders) {
  Lock lock(m_);
  std::erase_if(folders_, [&](const auto& known) { return !folders.contains(known.first); });
  for (const auto& folder : folders) folders_.try_emplace(folder, Folder{{}, deps_.clock.monotonic()});
}

std::optional<DiskLooks::Use> DiskLooks::last(const std::string& folder) const {
  Lock lock(m_);
  const auto found = folders_.find(folder);
  return found == folders_.end() ? std::nullopt : found->second.use;
}

void DiskLooks::tick() {
  {
    const auto now = deps_.clock.monotonic();
    Lock lock(m_);
    if (under_way_ || std::none_of(folders_.begin(), folders_.end(),
                                   [&](const auto& known) { return known.second.due <= now; }))
      return;
    under_way_ = true;
  }
  post_turn();
}

void DiskLooks::post_turn() {
  const auto token = gate_.enter();
  if (token && deps_.executor.post([this, token] { turn(); })) return;
  walk_.reset();
  Lock lock(m_);
  under_way_ = false;
}

bool DiskLooks::begin_next() {
  for (;;) {
    {
      const auto now = deps_.clock.monotonic();
      Lock lock(m_);
      const auto next = std::min_element(folders_.begin(), folders_.end(), [](const auto& a, const auto& b) {
        return a.second.due < b.second.due;
      });
      if (next == folders_.end() || next->second.due > now) {
        under_way_ = false;
        return false;
      }
      folder_ = next->first;
      began_ = now;
    }
    auto walk = linux::DiskWalk::begin(folder_);
    if (walk.ok()) {
      walk_.emplace(std::move(*walk));
      return true;
    }
    ended(false);  // not there yet, or no more
  }
}

void DiskLooks::ended(bool whole) {
  const auto now = deps_.clock.monotonic();
  Lock lock(m_);
  const auto found = folders_.find(folder_);
  if (found == folders_.end()) return;
  Folder& folder = found->second;
  folder.due = now + std::max(deps_.every, (now - began_) * kRestPerLook);
  if (!walk_) return;
  const Use use{walk_->bytes(), walk_->files(), deps_.clock.wall(), whole};
  // What a look found that did not come to its end is less than there is.
  if (whole || !folder.use || use.bytes > folder.use->bytes) folder.use = use;
}

void DiskLooks::turn() {
  const auto begin = deps_.clock.monotonic();
  if (!walk_ && !begin_next()) return;
  const bool through = walk_->step(kEntriesPerTurn);
  const auto now = deps_.clock.monotonic();
  if (through || now - began_ > kLookMax) {
    ended(through && walk_->is_whole());
    walk_.reset();
  }
  Lock lock(m_);
  if (gate_.is_closed()) return;
  alarm_ = deps_.alarms.after(std::max(kRestMin, (now - begin) * kRestPerTurn), [this] { post_turn(); });
}

void DiskLooks::stop() {
  gate_.close();
  Lock lock(m_);
  if (alarm_ != 0) deps_.alarms.cancel(alarm_);
}

}  // namespace mizzen::kubelet
