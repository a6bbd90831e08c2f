#pragma once
#include <vector>

#include "apiserver/registry/resource_store.h"

namespace mizzen::apiserver {

/// What to delete by the dozen.
struct CollectionRequest {
  RequestContextPtr context;
  Filter filter;
  meta::v1::DeleteOptions options;
  size_t limit = 0;  ///< 0: all that match
};

/// What was deleted or began to terminate, as it was before, in key order; as many as kDeletedBytesMax of
/// them may take together, the rest is deleted unlisted.
struct DeletedCollection {
  std::vector<EntryPtr> entries;
  int64_t revision = 0;  ///< of the list that was deleted from
};
inline constexpr size_t kDeletedBytesMax = 64u << 20;

/// Deletes all that match, page after page, a bounded number at a time, each with its own admission. The
/// first error but NotFound ends it; what was deleted stays so. The cache must be fresh. Returns at once;
/// `done` runs on a thread of `retry`.
void delete_collection(ResourceStore& store, Retry& retry, CollectionRequest request,
                       std::function<void(Result<DeletedCollection>)> done);

}  // namespace mizzen::apiserver
