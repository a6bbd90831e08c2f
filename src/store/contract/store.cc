#include "store/contract/store.h"

namespace mizzen::store {

Result<GetResult> Store::get(std::string_view key, Deadline deadline) {
  RangeRequest request;
  request.range = KeyRange::single(key);
  MZ_ASSIGN(RangeResult read, range(request, deadline));
  GetResult result{read.revision, std::nullopt};
  if (!read.kvs.empty()) result.kv = std::move(read.kvs.front());
  return result;
}

}  // namespace mizzen::store
