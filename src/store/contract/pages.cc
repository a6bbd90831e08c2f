#include "store/contract/pages.h"

#include <algorithm>

#include "store/contract/errors.h"

namespace mizzen::store {

void PageSize::took(size_t keys, size_t bytes) {
  if (keys == 0) return;
  const size_t mean = std::max<size_t>(1, bytes / keys);
  const auto fits = static_cast<int64_t>(kBytes / mean);
  keys_ = std::clamp<int64_t>(fits, 1, std::min(kKeysMax, 4 * keys_));
}

bool PageSize::halve() {
  if (keys_ == 1) return false;
  keys_ /= 2;
  return true;
}

Result<std::optional<RangeResult>> Pages::next(Deadline deadline) {
  if (complete_) return std::optional<RangeResult>();
  for (;;) {
    request_.limit = keys_max_ == 0 ? size_.keys() : std::min(keys_max_, size_.keys());
    auto page = store_.range(request_, deadline);
    if (!page.ok() && is_answer_too_large(page.error()) && size_.halve()) continue;
    if (!page.ok()) return page.error();
    if (request_.revision.get() == 0) request_.revision = page->revision;
    complete_ = !page->more || page->kvs.empty();
    if (!complete_) request_.range.from = page->kvs.back().key + std::string(1, '\0');
    size_t bytes = 0;
    for (const KeyValue& kv : page->kvs) bytes += kv.key.size() + view(kv.value).size();
    size_.took(page->kvs.size(), bytes);
    return std::optional<RangeResult>(std::move(*page));
  }
}

}  // namespace mizzen::store
