#include "apiserver/cache/change_ring.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::apiserver {

void ChangeRing::restart(int64_t revision) {
  changes_.clear();
  changes_.shrink_to_fit();
  bytes_ = 0;
  from_ = revision;
}

void ChangeRing::pop() {
  MZ_CHECK(!changes_.empty() && changes_.front().bytes <= bytes_, "{} changes of {} bytes", changes_.size(),
           bytes_);
  from_ = changes_.front().change->revision();
  bytes_ -= changes_.front().bytes;
  changes_.pop_front();
}

void ChangeRing::push(ChangePtr change, Monotonic now) {
  MZ_CHECK(change->revision() >= (changes_.empty() ? from_ : changes_.back().change->revision()),
           "a change at {} after one at {}", change->revision(),
           changes_.empty() ? from_ : changes_.back().change->revision());
  const size_t bytes = change->bytes();
  changes_.push_back({std::move(change), now, bytes});
  bytes_ += bytes;
  if (changes_.size() > kFramesKept) changes_[changes_.size() - kFramesKept - 1].change->drop_frames();
  // Changes of one revision go together: a watcher resumes at whole revisions.
  while (bytes_ > options_.bytes_max && changes_.size() > 1) pop();
  while (!changes_.empty() && changes_.front().change->revision() == from_) pop();
  expire(now);
}

void ChangeRing::expire(Monotonic now) {
  while (changes_.size() > kCountMin && now - changes_.front().at > options_.keep) pop();
  while (!changes_.empty() && changes_.front().change->revision() == from_) pop();
}

void ChangeRing::read(int64_t revision, size_t max, std::vector<ChangePtr>& out) const {
  MZ_CHECK(revision >= from_, "asked for changes after {}, kept are those after {}", revision, from_);
  auto at = std::upper_bound(changes_.begin(), changes_.end(), revision,
                             [](int64_t r, const Kept& kept) { return r < kept.change->revision(); });
  int64_t last = 0;
  for (; at != changes_.end() && (max > 0 || at->change->revision() == last); ++at) {
    last = at->change->revision();
    out.push_back(at->change);
    if (max > 0) --max;
  }
}

}  // namespace mizzen::apiserver
