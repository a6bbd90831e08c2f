#include "apiserver/cache/subscription.h"

#include "apiserver/cache/cache.h"
#include "apiserver/cache/roster.h"
#include "base/check.h"

namespace mizzen::apiserver {

/// A walk over what was there when the watch began.
struct Subscription::Walk {
  Snapshot snapshot;
  EntryTree::Cursor at;
  std::string end;  ///< keys from here on are not wanted; empty: no end
};

Subscription::Subscription(ResourceCache& cache, std::shared_ptr<Roster> roster, Filter filter,
                           WatchStart start, std::shared_ptr<WatcherSink> sink)
    : cache_(cache),
      roster_(std::move(roster)),
      filter_(std::move(filter)),
      sink_(std::move(sink)),
      bookmarks_(start.bookmarks),
      initial_end_bookmark_(start.initial_end_bookmark) {
  if (start.from) {
    position_ = *start.from;
  } else {
    begin_objects();
  }
}

Subscription::~Subscription() = default;

void Subscription::begin_objects() {
  walk_ = std::make_unique<Walk>();
  walk_->snapshot = cache_.snapshot_for(filter_);
  const std::string prefix = filter_.namespace_.empty() ? "" : filter_.namespace_ + "/";
  const bool single = !filter_.name.empty() && (prefix.empty() ? !cache_.resource().namespaced : true);
  const std::string first = single ? prefix + filter_.name : prefix;
  walk_->at = walk_->snapshot.tree.seek(first);
  walk_->end = single ? first + std::string(1, '\0') : prefix_end(prefix);
  stage_ = Stage::Objects;
}

void Subscription::close() {
  if (stage_ == Stage::Closed) return;
  stage_ = Stage::Closed;
  walk_.reset();
  waiting_.clear();
  roster_->remove(*this);
}

void Subscription::end(const Error& error) {
  if (stage_ == Stage::Closed) return;
  const auto self = shared_from_this();
  close();
  sink_->on_end(error);
}

void Subscription::stop(const Error& why) {
  if (stage_ == Stage::Closed) return;
  const auto self = shared_from_this();
  close();
  sink_->on_stop(why);
}

std::optional<ChangeType> Subscription::as_told(const Change& change) const {
  const bool is = change.type() != ChangeType::Deleted && filter_.matches(*change.entry());
  const bool was = change.previous() && filter_.matches(*change.previous());
  if (is) return was ? ChangeType::Modified : ChangeType::Added;
  if (was) return ChangeType::Deleted;
  return std::nullopt;
}

void Subscription::hand_over(const ChangePtr& change) {
  if (const auto as = as_told(*change)) took(sink_->on_change(change, *as));
}

void Subscription::resume() {
  MZ_CHECK(roster_->lane().here(), "a watcher resumes away from its lane");
  if (stage_ == Stage::Closed) return;
  full_ = false;
  const auto self = shared_from_this();
  size_t turns = 0;
  while (!full_ && stage_ != Stage::Closed && step()) {
    if (++turns < kTurn) continue;
    // Others on the lane have their turn too.
    if (!std::exchange(scheduled_, true))
      roster_->lane().post([self] {
        self->scheduled_ = false;
        if (!self->full_) self->resume();
      });
    break;
  }
  if (stage_ != Stage::Closed) sink_->flush();
}

bool Subscription::step() {
  switch (stage_) {
    case Stage::Objects:
      return step_objects();
    case Stage::Behind:
      return step_behind();
    case Stage::Live: {
      if (waiting_.empty()) return false;
      const ChangePtr change = std::move(waiting_.front());
      waiting_.pop_front();
      hand_over(change);
      return true;
    }
    case Stage::Reading:
    case Stage::Closed:
      return false;
  }
  return false;
}

bool Subscription::step_objects() {
  // Those that are not selected cost little: many of them are one item.
  for (size_t looked = 0; looked < kChunk; ++looked) {
    const Entry* entry = walk_->at.get();
    if (!entry || (!walk_->end.empty() && entry->key() >= walk_->end)) {
      position_ = walk_->snapshot.revision;
      walk_.reset();
      stage_ = Stage::Behind;
      if (initial_end_bookmark_) took(sink_->on_bookmark(position_, true));
      return true;
    }
    if (filter_.matches(*entry)) {
      const EntryPtr shared = walk_->at.share();
      walk_->at.next();
      cache_.count_initial(1);
      took(sink_->on_object(shared));
      return true;
    }
    walk_->at.next();
  }
  return true;
}

bool Subscription::step_behind() {
  if (!waiting_.empty()) {
    const ChangePtr change = std::move(waiting_.front());
    waiting_.pop_front();
    MZ_CHECK(change->revision() > position_, "told of {} already, now of {}", position_, change->revision());
    if (waiting_.empty() || waiting_.front()->revision() != change->revision())
      position_ = change->revision();
    if (waiting_.empty()) position_ = std::max(position_, chunk_end_);
    hand_over(change);
    return true;
  }
  std::vector<ChangePtr> chunk;
  int64_t reached = 0;
  if (!cache_.read_ring(position_, kChunk, chunk, reached)) {
    read_history();
    return false;
  }
  if (chunk.empty()) {
    // Nothing is newer. What comes from now on comes by the roster, which may still be on its way to here.
    position_ = std::max(position_, reached);
    stage_ = Stage::Live;
    return false;
  }
  chunk_end_ = 0;
  waiting_.assign(std::make_move_iterator(chunk.begin()), std::make_move_iterator(chunk.end()));
  return true;
}

void Subscription::read_history() {
  stage_ = Stage::Reading;
  cache_.read_history(position_, kChunk, roster_->lane(),
                      [self = shared_from_this()](auto chunk) { self->on_history(std::move(chunk)); });
}

void Subscription::on_history(Result<std::pair<std::vector<ChangePtr>, int64_t>> chunk) {
  if (stage_ == Stage::Closed) return;
  if (!chunk.ok()) return end(chunk.error());
  stage_ = Stage::Behind;
  waiting_.assign(chunk->first.begin(), chunk->first.end());
  chunk_end_ = chunk->second;
  if (waiting_.empty()) position_ = std::max(position_, chunk_end_);
  if (!full_) resume();
}

void Subscription::on_live(const ChangePtr& change) {
  if (stage_ != Stage::Live || change->revision() <= position_) return;
  if (!as_told(*change)) return;
  if (full_ || !waiting_.empty()) {
    MZ_CHECK(waiting_.empty() || waiting_.back()->revision() <= change->revision(), "{} waits, {} comes",
             waiting_.back()->revision(), change->revision());
    if (waiting_.size() < kPendingMax || waiting_.back()->revision() == change->revision()) {
      waiting_.push_back(change);
    } else {
      fall_behind();  // too slow to follow: it goes on from the ring when it has room
    }
    return;
  }
  hand_over(change);
  if (stage_ != Stage::Closed) sink_->flush();
}

void Subscription::fall_behind() {
  stage_ = Stage::Behind;
  chunk_end_ = 0;
}

void Subscription::on_gap(int64_t told) {
  if (stage_ != Stage::Live) return;
  if (waiting_.empty()) position_ = std::max(position_, told);
  fall_behind();
  if (!full_) resume();
}

void Subscription::on_bookmark(int64_t revision) {
  if (!bookmarks_ || stage_ != Stage::Live || full_ || !waiting_.empty() || revision < position_) return;
  took(sink_->on_bookmark(revision, false));
  if (stage_ != Stage::Closed) sink_->flush();
}

}  // namespace mizzen::apiserver
