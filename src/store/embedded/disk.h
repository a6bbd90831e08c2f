#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace rocksdb {
class DB;
class Env;
class FileSystem;
}  // namespace rocksdb

namespace mizzen::store {

/// Role: what the embedded store stands on: folders, small files, a lock, room, and the engine's environment
/// (its files, and where its work in the background runs). Place: the program has the system's; the
/// simulation one that loses what was not synced. Threading: thread-safe.
class Disk {
 public:
  /// A lock on a file, given back when it goes.
  class Held {
   public:
    virtual ~Held() = default;
  };

  virtual ~Disk() = default;

  /// As the functions of base/file.h.
  virtual bool exists(const std::string& path) = 0;
  virtual Result<void> make_folders(const std::string& path) = 0;
  virtual Result<void> sync_folder(const std::string& path) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<void> write(const std::string& path, std::string_view bytes) = 0;

  /// Conflict, with what the owner wrote into it, where somebody has it.
  virtual Result<std::unique_ptr<Held>> lock(const std::string& path) = 0;
  /// Bytes that this process may still write.
  virtual uint64_t free_bytes(const std::string& path) = 0;
  /// Bytes that the file occupies; 0 where it is absent.
  virtual uint64_t occupied_bytes(const std::string& path) = 0;
  /// Makes a file that occupies so many bytes; false, and none, where there is no room.
  virtual bool occupy(const std::string& path, uint64_t bytes) = 0;
  virtual void remove(const std::string& path) = 0;

  /// Lives as long as the process.
  virtual rocksdb::Env& env() = 0;
  /// True where nothing may run on threads that are not ours.
  virtual bool takes_turns() const { return false; }
  /// Called before each write of the engine, which is not inside a call then. May block.
  virtual void before_write(rocksdb::DB&) {}
  /// Runs `f`, which waits for the engine's work in the background.
  virtual void wait_for_background(const std::function<void()>& f) { f(); }
};

/// The system's.
std::shared_ptr<Disk> system_disk();

/// Lets the engine's log have its full length from the start, so that a sync writes data and no new length:
/// on ext4 up to twice as fast. What follows the last record reads as zeros, which recovery takes for the
/// end. Every disk's environment is made of files like that.
std::shared_ptr<rocksdb::FileSystem> with_full_length_logs(std::shared_ptr<rocksdb::FileSystem> files);

}  // namespace mizzen::store
