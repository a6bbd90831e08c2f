#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/contract/store.h"

namespace mizzen::sim {

/// Role: the truth of a run: every change as the store committed it, told by the store itself and not by the
/// API. Threading: confined to the simulation's thread.
class StoreLog {
 public:
  struct Change {
    int64_t revision;
    std::string key;
    bool deleted = false;
  };

  /// Goes on with this life of the store. Where it stands before what was told already, that is a fault.
  void follow(store::Store& store);
  /// Before that life ends.
  void stop() { watch_.reset(); }
  /// True once it has all that this life began with.
  bool is_complete() const { return watch_ && watch_->progress().get() >= begins_at_; }
  int64_t newest() const { return changes_.empty() ? 1 : changes_.back().revision; }

  const std::vector<Change>& changes() const { return changes_; }
  /// The first revision after `revision` at which something below `prefix` changed; 0 where none has.
  int64_t next_change(const std::string& prefix, int64_t revision) const;
  /// Who holds a lease of kube-system, as it stands in the store; empty where nobody does.
  const std::string& holder(const std::string& lease) const;
  /// True where `key` changed at this revision.
  bool has(const std::string& key, int64_t revision) const;
  /// The last change of `key` up to a revision; null where there was none.
  const Change* last_change(const std::string& key, int64_t revision) const;
  bool deleted_after(const std::string& key, int64_t revision) const;
  /// What was there below `prefix` at a revision: keys, with the revision of their last change.
  std::map<std::string, int64_t> content(const std::string& prefix, int64_t revision) const;
  /// What is wrong with the log itself: revisions that do not rise, a change of what is not there. Empty
  /// where nothing is.
  const std::string& fault() const { return fault_; }

 private:
  void add(const store::Event& event);
  /// The object as it was written; null, and a fault, where it cannot be read.
  template <typename T>
  std::shared_ptr<const T> written(const store::Event& event);
  void look_at_lease(const store::Event& event);
  /// A pod keeps its uid's node, and does not come back from its end; no two that live have one address.
  void look_at_pod(const store::Event& event);
  /// No two Services have one address, or one port of the nodes.
  void look_at_service(const store::Event& event);
  /// Takes what `key` had and gives it these; a fault where another has one of them.
  void hold(const std::string& key, const std::vector<std::string>& what);

  struct PodSeen {
    std::string node;
    bool ended = false;
  };
  std::vector<Change> changes_;
  std::map<std::string, std::vector<Change>> by_key_;
  std::map<std::string, std::string> holds_;                 ///< whose an address or a port is
  std::map<std::string, std::vector<std::string>> held_by_;  ///< the same by key
  std::map<std::string, std::vector<int64_t>> by_prefix_;    ///< revisions, by /registry/RESOURCE/
  std::map<std::string, std::string> holders_;               ///< by the key of a lease
  std::map<std::string, PodSeen> pods_;                      ///< by uid
  std::set<std::string> there_;
  std::string fault_;
  int64_t begins_at_ = 1;  ///< where this life of the store stood at first
  std::unique_ptr<store::Watch> watch_;
};

}  // namespace mizzen::sim
