#include "sim/disk/torn.h"

#include <algorithm>

namespace mizzen::sim {

Content torn(const Medium::File& file, uint64_t seed) {
  SeededRandom random(seed);
  Content out = file.durable;
  // The length is kept apart from the bytes, and may be written before or after them.
  if (random.below(2) == 0) out.resize(file.now.size());
  enum class Kept : uint8_t { None, First, Some, All };
  const auto kept = static_cast<Kept>(random.below(4));
  const size_t sector_bytes = random.below(2) == 0 ? 512 : Content::kBlockBytes;
  const size_t each = Content::kBlockBytes / sector_bytes;
  std::vector<size_t> changed;
  for (size_t i = 0; i < file.now.blocks(); ++i)
    if (!file.now.shares(file.clean, i))
      for (size_t s = 0; s < each; ++s) changed.push_back(i * each + s);
  const size_t first = kept == Kept::First ? random.below(changed.size() + 1) : changed.size();
  if (kept == Kept::None) return out;
  for (size_t i = 0; i < first; ++i) {
    if (kept == Kept::Some && random.below(2) == 0) continue;
    out.take(file.now, changed[i] / each, changed[i] % each, sector_bytes);
  }
  return out;
}

}  // namespace mizzen::sim
