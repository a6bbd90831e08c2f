#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace mizzen::store {

/// Role: the store's folder on disk: one owner at a time, one known format, and a reserve of bytes that is given up when
/// the disk is full, so that deletes and clean-up can still be written.
/// Layout: LOCK (the owner's process id), FORMAT, reserve, db/ (the engine's files).
/// Threading: externally synchronised.
/// Failure: open() says in one line what is wrong and what to do.
class DataDir {
 public:
  static constexpr int kFormat = 1;

  static Result<DataDir> open(std::string path, uint64_t reserve_bytes);
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();

  std::string db_path() const { return path_ + "/db"; }
  /// Frees the reserve's bytes.
  void release_reserve();
  /// Takes the bytes again, as far as that leaves spare_bytes free. True where it is whole.
  bool restore_reserve(uint64_t spare_bytes);

 private:
  DataDir(std::string path, int lock_fd, uint64_t reserve_bytes);

  std::string path_;
  int lock_fd_ = -1;
  uint64_t reserve_bytes_ = 0;
};

}  // namespace mizzen::store
