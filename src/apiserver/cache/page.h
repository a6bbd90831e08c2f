#pragma once
#include <string>
#include <vector>

#include "apiserver/cache/entry_tree.h"
#include "apiserver/cache/filter.h"

namespace mizzen::apiserver {

/// Everything of one resource as of one revision. Holds on to what it shows; a copy costs a reference count.
struct Snapshot {
  EntryTree tree;
  int64_t revision = 0;       ///< what the tree stands for
  int64_t newest_change = 0;  ///< of this resource; a list as of any revision between the two looks the same
};

/// A piece of a list, in key order.
struct Page {
  std::vector<EntryPtr> entries;
  int64_t revision = 0;  ///< what they stand for
  bool more = false;     ///< the limit cut the rest off
  /// How many of the namespace come after; only where no selector looks into objects.
  size_t remaining = 0;
};

/// Role: gathers a page from a snapshot, a few entries at a time, so that an event loop can do other things
/// between. Threading: a plain value that stays where it was made. Cost: what it looks at, not what the
/// snapshot holds.
class PageWalk {
 public:
  /// Matching entries after the key `after` (exclusive; empty: from the start), at most `limit` (0: all).
  PageWalk(Snapshot snapshot, Filter filter, const std::string& after, size_t limit);
  PageWalk(const PageWalk&) = delete;
  PageWalk& operator=(const PageWalk&) = delete;

  /// Looks at so many entries at most; true once the page is complete.
  bool step(size_t looks);
  /// Requires that the page is complete.
  Page take() { return std::move(page_); }
  const Snapshot& snapshot() const { return snapshot_; }
  const Filter& filter() const { return filter_; }

 private:
  void finish(bool more);

  const Snapshot snapshot_;
  const Filter filter_;
  const size_t limit_;
  std::string end_;  ///< keys from here on are not wanted; empty: no end
  EntryTree::Cursor at_;
  Page page_;
  bool complete_ = false;
};

/// The whole page at once.
Page page_of(const Snapshot& snapshot, const Filter& filter, const std::string& after, size_t limit);

}  // namespace mizzen::apiserver
