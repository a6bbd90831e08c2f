#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/contract/store.h"

namespace mizzen::sim {

/// Role: what was asked of a store, what it answered and what it told, over all its lives; holds each new
/// life against that. Threading: confined to the simulation's thread.
class Truth {
 public:
  /// A transaction that nobody else makes: each key that it puts gets the same value, which names it.
  struct Planned {
    std::set<std::string> puts, deletes;
    std::string value;
    int64_t acknowledged = 0;  ///< its revision, once known
  };

  /// Before it is sent: from then on it may come about.
  uint64_t plan(std::set<std::string> puts, std::set<std::string> deletes, size_t value_bytes);
  const Planned& planned(uint64_t id) const { return planned_.at(id); }
  void acknowledge(uint64_t id, int64_t revision);
  /// What a watch told of a revision, while it lived.
  void tell(const std::vector<store::Event>& events);
  /// History before this is forgotten, perhaps.
  void compact(int64_t revision) { compacted_ = std::max(compacted_, revision); }
  int64_t compacted() const { return compacted_; }
  int64_t newest() const { return history_.empty() ? 1 : history_.rbegin()->first; }
  uint64_t writes() const { return history_.size(); }

  /// Holds a store that opened at `revision` with this history and this content against all of the above.
  /// What is wrong; empty where nothing is.
  std::string check(int64_t revision, const std::vector<store::Event>& history,
                    const store::RangeResult& content);

 private:
  using Events = std::vector<store::Event>;
  std::string look_at(int64_t revision, const Events& events);
  std::string compare(const store::RangeResult& content) const;

  std::map<uint64_t, Planned> planned_;
  std::map<int64_t, Events> history_;        ///< what is known to have happened, by revision
  std::map<int64_t, uint64_t> by_revision_;  ///< which transaction made it
  int64_t compacted_ = 1;
  uint64_t next_ = 1;
};

}  // namespace mizzen::sim
