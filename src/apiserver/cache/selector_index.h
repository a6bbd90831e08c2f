#pragma once
#include <optional>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "apiserver/cache/filter.h"
#include "base/clock.h"

namespace mizzen::apiserver {

/// What an index finds entries by: a label, or a selectable field.
struct IndexKey {
  bool label = false;
  std::string name;
  friend bool operator==(const IndexKey&, const IndexKey&) = default;
};

/// Role: the entries of one resource by the value of one label or field. Threading: externally synchronised.
/// Bounds: values that more than kFewMax entries have are counted only: a walk over everything finds those as
/// well.
class SelectorIndex {
 public:
  static constexpr size_t kFewMax = 4'096;

  explicit SelectorIndex(IndexKey key) : key_(std::move(key)) {}
  const IndexKey& key() const { return key_; }
  void add(const EntryPtr& entry);
  void remove(const Entry& entry);
  /// The entries with this value, in no order; null where they are too many, or once were.
  const std::vector<EntryPtr>* find(std::string_view value) const;
  /// A value that had been too common no longer is: made anew, the index would find it.
  bool worn() const { return worn_; }

 private:
  struct Posting {
    std::vector<EntryPtr> few;
    size_t count = 0;
    bool many = false;  ///< `few` has been given up
  };
  std::optional<std::string_view> value_of(const Entry& entry) const;

  IndexKey key_;
  absl::flat_hash_map<std::string, Posting> postings_;
  bool worn_ = false;
};

/// Role: the indexes of one cache: those that lists have asked for lately. Place: beside the cache's tree,
/// changed with it. Threading: externally synchronised. Bounds: kIndexesMax; the one not used for longest
/// goes first, and each goes once it has not been used for kIdleMax.
class SelectorIndexes {
 public:
  static constexpr size_t kIndexesMax = 8;
  static constexpr Duration kIdleMax = std::chrono::minutes(5);

  /// Entries among which are all that the filter selects, at most SelectorIndex::kFewMax, in no order;
  /// nothing where no index narrows it so far. `wanted`: an index that would help and is not there.
  std::optional<std::vector<EntryPtr>> candidates(const Filter& filter, Monotonic now,
                                                  std::optional<IndexKey>& wanted);
  /// Takes the index in, in place of one for the same.
  void install(SelectorIndex index, Monotonic now);
  /// The tree has `now` in place of `before`; either may be null.
  void changed(const EntryPtr& before, const EntryPtr& now);
  void expire(Monotonic now);
  void clear() { held_.clear(); }
  size_t size() const { return held_.size(); }

 private:
  struct Held {
    SelectorIndex index;
    Monotonic used;
  };
  Held* find(const IndexKey& key);

  std::vector<Held> held_;
};

}  // namespace mizzen::apiserver
