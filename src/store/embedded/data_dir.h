#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/embedded/disk.h"

namespace mizzen::store {

/// Role: the store's folder on disk: one owner at a time, one known format, and a reserve of bytes that is
/// given up when the disk is full, so that deletes and clean-up can still be written. Layout: LOCK (the
/// owner's process id), FORMAT, reserve, db/ (the engine's files). Threading: externally synchronised.
/// Failure: open() says in one line what is wrong and what to do.
class DataDir {
 public:
  static constexpr int kFormat = 1;

  static Result<DataDir> open(std::string path, uint64_t reserve_bytes,
                              std::shared_ptr<Disk> disk = system_disk());

  std::string db_path() const { return path_ + "/db"; }
  Disk& disk() const { return *disk_; }
  /// Bytes that this process may still write to the disk; one statvfs.
  uint64_t free_bytes() const { return disk_->free_bytes(path_); }
  /// Frees the reserve's bytes.
  void release_reserve() { disk_->remove(path_ + "/reserve"); }
  /// True where spare_bytes are free beside a whole reserve, which is made whole where there is room.
  bool restore_reserve(uint64_t spare_bytes);

 private:
  DataDir(std::string path, std::shared_ptr<Disk> disk, std::unique_ptr<Disk::Held> lock,
          uint64_t reserve_bytes);

  std::string path_;
  std::shared_ptr<Disk> disk_;
  std::unique_ptr<Disk::Held> lock_;
  uint64_t reserve_bytes_ = 0;
};

}  // namespace mizzen::store
