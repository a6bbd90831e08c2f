#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "apiserver/entry/entry.h"
#include "async/mutex.h"

namespace mizzen::apiserver {

/// What watchers are told of an object.
enum class ChangeType : uint8_t { Added, Modified, Deleted, Bookmark };

/// Role: one change of one object, as the watch plane keeps and shares it. Holds the frames made from it, so
/// that one encoding serves all watchers that want the same form. Threading: immutable, but for the frames,
/// which have a lock of their own. Bounds: kFramesMax frames; a form beyond them is encoded for each watcher.
class Change {
 public:
  static constexpr size_t kFramesMax = 16;

  /// `entry`: the new state; for Deleted the last one, with the revision of the deletion. `previous`: the
  /// state before, null for creations.
  Change(ChangeType type, EntryPtr entry, EntryPtr previous, int64_t revision)
      : type_(type), entry_(std::move(entry)), previous_(std::move(previous)), revision_(revision) {}

  ChangeType type() const { return type_; }
  const EntryPtr& entry() const { return entry_; }
  const EntryPtr& previous() const { return previous_; }
  int64_t revision() const { return revision_; }
  /// What it holds in memory, about.
  size_t bytes() const;

  /// For somebody whose selection the object has left: the state before, with this change's revision. Made at
  /// the first call.
  EntryPtr departed() const;

  /// The frame for `form` (what a watcher wants, as a number that is the same for the same wish), made by
  /// `encode` at the first call.
  http::Slice frame(uint64_t form, const std::function<http::Slice()>& encode) const;
  /// Lets go of the frames; a late watcher has its own made.
  void drop_frames() const;

 private:
  const ChangeType type_;
  const EntryPtr entry_;
  const EntryPtr previous_;
  const int64_t revision_;
  mutable Mutex m_;
  mutable EntryPtr departed_ MZ_GUARDED_BY(m_);
  mutable std::vector<std::pair<uint64_t, http::Slice>> frames_ MZ_GUARDED_BY(m_);
};
using ChangePtr = std::shared_ptr<const Change>;

}  // namespace mizzen::apiserver
