#pragma once
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "store/embedded/disk.h"

namespace mizzen::store {

/// Role: the RocksDB instance under the embedded store: how it is set up, and its errors as ours.
/// The disk outlives it.
/// Included by the embedded store's sources only. Threading: thread-safe.
class Engine {
 public:
  struct Options {
    size_t memtable_bytes = 16u << 20;  ///< two of them at most
    size_t cache_bytes = 32u << 20;     ///< blocks, indexes and filters
    int files_max = 128;
  };
  static Result<std::unique_ptr<Engine>> open(const std::string& path, Disk& disk, const Options& options);
  ~Engine();

  rocksdb::DB& db() { return *db_; }
  /// Atomic. With sync it is on disk when it returns. space_exceeded() where the disk is full.
  Result<void> write(rocksdb::WriteBatch& batch, bool sync);
  /// After a full disk: makes the engine take writes again. Waits for compactions, which may wait for room.
  /// Requires room on the disk for flush_bytes(): else it may never return.
  Result<void> resume();
  /// What resume() may have to write: all that stands in memory, as tables with their indexes.
  uint64_t flush_bytes();
  /// Before closing: ends what runs in the background, also a resume that waits.
  void cancel_background_work();
  /// Rewrites everything, so that what was erased gives its bytes back.
  void compact_all();
  uint64_t size_bytes();
  uint64_t number(const char* property);
  std::optional<std::string> read(std::string_view key);

 private:
  explicit Engine(Disk& disk) : disk_(disk) {}
  Disk& disk_;
  std::unique_ptr<rocksdb::DB> db_;
};

/// RocksDB's status as an Error; must not be ok.
Error error_of(const rocksdb::Status& status);

inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace mizzen::store
