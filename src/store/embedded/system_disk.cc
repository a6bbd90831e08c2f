#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strings.h"
#include "store/embedded/disk.h"

namespace mizzen::store {
namespace {

class FullLengthLogs final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "mizzen.full-length-logs"; }
  rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& file,
                                           const rocksdb::DBOptions& db) const override {
    rocksdb::FileOptions out = FileSystemWrapper::OptimizeForLogWrite(file, db);
    out.fallocate_with_keep_size = false;
    return out;
  }
};

class Flocked final : public Disk::Held {
 public:
  explicit Flocked(int fd) : fd_(fd) {}
  ~Flocked() override { ::close(fd_); }

 private:
  const int fd_;
};

class SystemDisk final : public Disk {
 public:
  bool exists(const std::string& path) override { return path_exists(path); }
  Result<void> make_folders(const std::string& path) override { return mizzen::make_folders(path, 0700); }
  Result<void> sync_folder(const std::string& path) override { return mizzen::sync_folder(path); }
  Result<std::string> read(const std::string& path) override { return read_file(path); }
  Result<void> write(const std::string& path, std::string_view bytes) override {
    return write_file(path, bytes, 0600);
  }

  Result<std::unique_ptr<Held>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return system_error("open " + path, errno);
    auto held = std::make_unique<Flocked>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
      return Error(Code::Conflict, std::string(trim(read_file(path).value_or(""))));
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
      // The lock holds all the same; the id is only for whoever is refused.
    }
    return std::unique_ptr<Held>(std::move(held));
  }

  uint64_t free_bytes(const std::string& path) override {
    struct statvfs space{};
    if (::statvfs(path.c_str(), &space) != 0) return 0;
    return static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  }
  uint64_t occupied_bytes(const std::string& path) override {
    struct stat have{};
    return ::stat(path.c_str(), &have) == 0 ? static_cast<uint64_t>(have.st_blocks) * 512 : 0;
  }
  bool occupy(const std::string& path, uint64_t bytes) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    const bool ok = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)) == 0;
    ::close(fd);
    if (!ok) remove(path);
    return ok;
  }
  void remove(const std::string& path) override { ::unlink(path.c_str()); }

  rocksdb::Env& env() override {
    static rocksdb::Env* const env =  // for ever, as the default one
        rocksdb::NewCompositeEnv(with_full_length_logs(rocksdb::FileSystem::Default())).release();
    return *env;
  }
};

}  // namespace

std::shared_ptr<Disk> system_disk() { return std::make_shared<SystemDisk>(); }

std::shared_ptr<rocksdb::FileSystem> with_full_length_logs(std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<FullLengthLogs>(std::move(files));
}

}  // namespace mizzen::store
