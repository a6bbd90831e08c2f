#include "sim/disk/content.h"

#include <algorithm>
#include <cstring>

namespace mizzen::sim {

void Content::resize(uint64_t size) {
  if (size < size_ && size % kBlockBytes != 0 && at(size / kBlockBytes)) {
    Block& last = own(size / kBlockBytes);  // what comes to stand there again reads as zeros
    std::fill(last.begin() + static_cast<ptrdiff_t>(size % kBlockBytes), last.end(), '\0');
  }
  blocks_.resize((size + kBlockBytes - 1) / kBlockBytes);
  size_ = size;
}

Content::Block& Content::own(size_t i) {
  auto mine = blocks_[i] ? std::make_shared<Block>(*blocks_[i]) : std::make_shared<Block>();
  Block& out = *mine;
  blocks_[i] = std::move(mine);
  return out;
}

void Content::write(uint64_t offset, std::string_view bytes) {
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  while (!bytes.empty()) {
    const size_t at = offset % kBlockBytes, n = std::min(bytes.size(), kBlockBytes - at);
    std::memcpy(own(offset / kBlockBytes).data() + at, bytes.data(), n);
    bytes.remove_prefix(n);
    offset += n;
  }
}

std::string Content::read(uint64_t offset, size_t n) const {
  if (offset >= size_) return "";
  std::string out(std::min<uint64_t>(n, size_ - offset), '\0');
  for (size_t done = 0; done < out.size();) {
    const size_t at = (offset + done) % kBlockBytes, part = std::min(out.size() - done, kBlockBytes - at);
    if (const Block* const b = this->at((offset + done) / kBlockBytes))
      std::memcpy(out.data() + done, b->data() + at, part);
    done += part;
  }
  return out;
}

void Content::share(const Content& from, size_t i) {
  if (i >= blocks_.size()) blocks_.resize(i + 1);
  blocks_[i] = i < from.blocks_.size() ? from.blocks_[i] : nullptr;
  size_ = std::max<uint64_t>(size_, std::min<uint64_t>(from.size_, (i + 1) * kBlockBytes));
}

void Content::take(const Content& from, size_t i, size_t sector, size_t sector_bytes) {
  if (i >= blocks_.size()) blocks_.resize(i + 1);
  size_ = std::max<uint64_t>(size_,
                             std::min<uint64_t>(from.size_, i * kBlockBytes + (sector + 1) * sector_bytes));
  const size_t at = sector * sector_bytes;
  if (const Block* const theirs = from.at(i)) {
    std::memcpy(own(i).data() + at, theirs->data() + at, sector_bytes);
  } else if (blocks_[i]) {
    std::memset(own(i).data() + at, 0, sector_bytes);
  }
}

}  // namespace mizzen::sim
