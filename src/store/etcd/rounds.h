#pragma once
#include <utility>
#include <vector>

#include "base/check.h"

namespace mizzen::store::etcd {

/// Role: who shares which read. Whoever asks joins the round that has not begun: one under way may have been
/// answered by etcd before something that the asker knows of was written. So at most one is under way and one
/// waits, however many ask. Threading: a plain value; its owner locks.
template <typename Asker>
class Rounds {
 public:
  /// True where it is the first of a round that nobody else will begin: the caller does, once it can.
  [[nodiscard]] bool join(Asker asker) {
    waiting_.push_back(std::move(asker));
    return !under_way_ && waiting_.size() == 1;
  }
  /// Whom the round that begins now answers. Requires that none is under way and that somebody waits.
  std::vector<Asker> begin() {
    MZ_CHECK(!under_way_ && !waiting_.empty(), "a round begins beside another, or for nobody");
    under_way_ = true;
    return std::exchange(waiting_, {});
  }
  /// The round under way is over. True where others wait: the caller begins theirs.
  [[nodiscard]] bool end() {
    MZ_CHECK(under_way_, "a round ends that did not begin");
    under_way_ = false;
    return !waiting_.empty();
  }
  /// How many wait for the next one.
  size_t waiting() const { return waiting_.size(); }

 private:
  std::vector<Asker> waiting_;
  bool under_way_ = false;
};

}  // namespace mizzen::store::etcd
