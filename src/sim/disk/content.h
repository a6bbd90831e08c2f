#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::sim {

/// Role: the bytes of one file, in blocks that copies of it share. What was never written reads as zeros.
/// Threading: externally synchronised.
class Content {
 public:
  static constexpr size_t kBlockBytes = 4096;
  using Block = std::array<char, kBlockBytes>;
  /// Null: zeros.
  using BlockPtr = std::shared_ptr<const Block>;

  uint64_t size() const { return size_; }
  void resize(uint64_t size);
  /// Writes over what is there, and beyond the end.
  void write(uint64_t offset, std::string_view bytes);
  /// At most n bytes.
  std::string read(uint64_t offset, size_t n) const;

  size_t blocks() const { return blocks_.size(); }
  /// True where the two share a block, or it reads as zeros in both.
  bool shares(const Content& other, size_t i) const { return at(i) == other.at(i); }
  /// Shares a block of another file's.
  void share(const Content& from, size_t block);
  /// Takes one sector of a block from another file's.
  void take(const Content& from, size_t block, size_t sector, size_t sector_bytes);

 private:
  Block& own(size_t i);
  const Block* at(size_t i) const { return i < blocks_.size() ? blocks_[i].get() : nullptr; }
  std::vector<BlockPtr> blocks_;
  uint64_t size_ = 0;
};

}  // namespace mizzen::sim
