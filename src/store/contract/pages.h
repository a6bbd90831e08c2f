#pragma once
#include <optional>

#include "store/contract/store.h"

namespace mizzen::store {

/// Role: how many keys the next page of a long read asks for: as many as make about kBytes by what the page
/// before showed. A page is at most four times the one before, so that big values after small ones do not
/// come all at once. Pure. Bounds: 1 to kKeysMax.
class PageSize {
 public:
  static constexpr int64_t kFirst = 512;
  static constexpr int64_t kKeysMax = 5'000;
  static constexpr size_t kBytes = 4u << 20;

  int64_t keys() const { return keys_; }
  void took(size_t keys, size_t bytes);
  /// The answer was too large; false where one key is too large already.
  bool halve();

 private:
  int64_t keys_ = kFirst;
};

/// Role: reads a range by pages, all as of one revision, so that neither side holds more than a page of it:
/// how everything that is long is read from a store. Place: caches that load, lists from history.
/// Threading: none. Failure: Expired where the revision is compacted between two pages: begin anew.
class Pages {
 public:
  /// `request.limit`: no page has more keys (0: as PageSize says); `request.revision`: 0 for the newest.
  Pages(Store& store, RangeRequest request)
      : store_(store), request_(std::move(request)), keys_max_(request_.limit) {}

  /// The next page; nothing after the last. A range without keys is one empty page. Blocks.
  Result<std::optional<RangeResult>> next(Deadline deadline);
  /// What all pages show. Requires a first page.
  Revision revision() const { return request_.revision; }

 private:
  Store& store_;
  RangeRequest request_;
  const int64_t keys_max_;
  PageSize size_;
  bool complete_ = false;
};

}  // namespace mizzen::store
