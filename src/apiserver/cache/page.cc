#include "apiserver/cache/page.h"

#include "base/check.h"

namespace mizzen::apiserver {

PageWalk::PageWalk(Snapshot snapshot, Filter filter, const std::string& after, size_t limit)
    : snapshot_(std::move(snapshot)), filter_(std::move(filter)), limit_(limit) {
  page_.revision = snapshot_.revision;
  const std::string prefix = filter_.namespace_.empty() ? "" : filter_.namespace_ + "/";
  const Entry* first = snapshot_.tree.seek("").get();
  if (!first) {
    complete_ = true;
  } else if (!filter_.name.empty() && (!prefix.empty() || !first->resource().namespaced)) {
    // The place is known: one look. A name in every namespace is looked for like a selector.
    EntryPtr one = snapshot_.tree.find(prefix + filter_.name);
    if (one && filter_.matches(*one) && one->key() > after) page_.entries.push_back(std::move(one));
    complete_ = true;
  } else {
    end_ = prefix_end(prefix);
    at_ = after.empty() ? snapshot_.tree.seek(prefix) : snapshot_.tree.seek(after, true);
  }
}

bool PageWalk::step(size_t looks) {
  const bool all = filter_.trivial();
  for (; !complete_ && looks > 0; --looks) {
    const Entry* entry = at_.get();
    if (!entry || (!end_.empty() && entry->key() >= end_)) {
      finish(false);
    } else if (!all && !filter_.matches(*entry)) {
      at_.next();
    } else if (limit_ != 0 && page_.entries.size() == limit_) {
      finish(true);
    } else {
      page_.entries.push_back(at_.share());
      at_.next();
    }
  }
  return complete_;
}

void PageWalk::finish(bool more) {
  complete_ = true;
  page_.more = more;
  if (!more || !filter_.by_place()) return;
  const size_t end = end_.empty() ? snapshot_.tree.size() : snapshot_.tree.rank(end_);
  MZ_CHECK(at_.get() && end > snapshot_.tree.rank(at_.get()->key()), "more is left, and nothing before {}",
           end);
  page_.remaining = end - snapshot_.tree.rank(at_.get()->key());
}

Page page_of(const Snapshot& snapshot, const Filter& filter, const std::string& after, size_t limit) {
  PageWalk walk(snapshot, filter, after, limit);
  walk.step(SIZE_MAX);
  return walk.take();
}

}  // namespace mizzen::apiserver
