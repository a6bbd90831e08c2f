#include "sim/disk/files.h"

#include <algorithm>
#include <cstring>

namespace mizzen::sim {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using MediumPtr = std::shared_ptr<Medium>;

IOStatus status_of(Medium::Outcome outcome, const std::string& path) {
  switch (outcome) {
    case Medium::Outcome::Done:
      return IOStatus::OK();
    case Medium::Outcome::Absent:
      return IOStatus::PathNotFound(path);
    case Medium::Outcome::Exists:
      return IOStatus::IOError(path, "exists");
    case Medium::Outcome::NoSpace:
      return IOStatus::NoSpace(path, "no space left");
    case Medium::Outcome::Failed:
      break;
  }
  return IOStatus::IOError(path, "input/output error");
}

std::string view(const Slice& slice) { return {slice.data(), slice.size()}; }

/// "a//b/" is "a/b".
std::string plain(const std::string& path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

class Reading final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  Reading(MediumPtr medium, Medium::FilePtr file) : medium_(std::move(medium)), file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    take(at_, n, result, scratch);
    at_ += result->size();
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t n) override {
    at_ = std::min(at_ + n, medium_->size(*file_));
    return IOStatus::OK();
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    take(offset, n, result, scratch);
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return 4096; }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }

 private:
  void take(uint64_t offset, size_t n, Slice* result, char* scratch) const {
    const std::string bytes = medium_->read(*file_, offset, n);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = Slice(scratch, bytes.size());
  }

  const MediumPtr medium_;
  const Medium::FilePtr file_;
  uint64_t at_ = 0;
};

class Writing final : public rocksdb::FSWritableFile {
 public:
  Writing(MediumPtr medium, Medium::FilePtr file, std::string path, const FileOptions& options)
      : FSWritableFile(options),
        medium_(std::move(medium)),
        file_(std::move(file)),
        path_(std::move(path)),
        keeps_size_(options.fallocate_with_keep_size) {}

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const auto outcome = medium_->write(*file_, at_, view(data));
    if (outcome == Medium::Outcome::Done) at_ += data.size();
    return status_of(outcome, path_);
  }
  using FSWritableFile::Append;
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    if (size == medium_->size(*file_)) return IOStatus::OK();
    return status_of(medium_->resize(*file_, size), path_);
  }
  /// As a file of the system does: what was allocated beyond the end is given back.
  IOStatus Close(const IOOptions& options, IODebugContext* dbg) override {
    return Truncate(at_, options, dbg);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return status_of(medium_->sync(*file_), path_);
  }
  bool IsSyncThreadSafe() const override { return true; }
  /// Promises nothing, on the system's disk either.
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Allocate(uint64_t offset, uint64_t n, const IOOptions&, IODebugContext*) override {
    if (keeps_size_ || offset + n <= medium_->size(*file_)) return IOStatus::OK();
    return status_of(medium_->resize(*file_, offset + n), path_);
  }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return at_; }

 private:
  const MediumPtr medium_;
  const Medium::FilePtr file_;
  const std::string path_;
  const bool keeps_size_;
  uint64_t at_ = 0;
};

class Folder final : public rocksdb::FSDirectory {
 public:
  Folder(MediumPtr medium, std::string path) : medium_(std::move(medium)), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return status_of(medium_->sync_folder(path_), path_);
  }

 private:
  const MediumPtr medium_;
  const std::string path_;
};

class Locked final : public rocksdb::FileLock {
 public:
  explicit Locked(std::string path) : path(std::move(path)) {}
  const std::string path;
};

class Files final : public rocksdb::FileSystem {
 public:
  explicit Files(MediumPtr medium) : medium_(std::move(medium)) {}
  const char* Name() const override { return "mizzen.simulated"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) override {
    auto file = medium_->open(plain(path));
    if (!file) return IOStatus::PathNotFound(path);
    *out = std::make_unique<Reading>(medium_, std::move(file));
    return IOStatus::OK();
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) override {
    auto file = medium_->open(plain(path));
    if (!file) return IOStatus::PathNotFound(path);
    *out = std::make_unique<Reading>(medium_, std::move(file));
    return IOStatus::OK();
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) override {
    Medium::FilePtr file;
    const auto outcome = medium_->create(plain(path), file);
    if (outcome != Medium::Outcome::Done) return status_of(outcome, path);
    *out = std::make_unique<Writing>(medium_, std::move(file), path, options);
    return IOStatus::OK();
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext*) override {
    if (!medium_->open(plain(path))) return IOStatus::PathNotFound(path);
    *out = std::make_unique<Folder>(medium_, plain(path));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    return medium_->open(plain(path)) ? IOStatus::OK() : IOStatus::NotFound();
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    if (!medium_->open(plain(path))) return IOStatus::PathNotFound(path);
    *out = medium_->children(plain(path));
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(medium_->remove(plain(path)), path);
  }
  IOStatus Truncate(const std::string& path, size_t size, const IOOptions&, IODebugContext*) override {
    const auto file = medium_->open(plain(path));
    return file ? status_of(medium_->resize(*file, size), path) : IOStatus::PathNotFound(path);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(medium_->make_folder(plain(path)), path);
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    const auto outcome = medium_->make_folder(plain(path));
    return outcome == Medium::Outcome::Exists ? IOStatus::OK() : status_of(outcome, path);
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(medium_->remove(plain(path)), path);
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* out, IODebugContext*) override {
    const auto file = medium_->open(plain(path));
    if (!file) return IOStatus::PathNotFound(path);
    *out = medium_->size(*file);
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* out,
                                   IODebugContext*) override {
    *out = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return status_of(medium_->rename(plain(from), plain(to)), from);
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** out,
                    IODebugContext*) override {
    Medium::FilePtr file;
    if (!medium_->open(plain(path))) {
      const auto outcome = medium_->create(plain(path), file);
      if (outcome != Medium::Outcome::Done) return status_of(outcome, path);
    }
    if (!medium_->lock(plain(path))) return IOStatus::IOError(path, "is locked");
    *out = new Locked(plain(path));
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<Locked> locked(static_cast<Locked*>(lock));
    medium_->unlock(locked->path);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
    return IOStatus::NotSupported();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out,
                           IODebugContext*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* out, IODebugContext*) override {
    const auto file = medium_->open(plain(path));
    if (!file) return IOStatus::PathNotFound(path);
    *out = file->folder;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* out, IODebugContext*) override {
    *out = medium_->free_bytes();
    return IOStatus::OK();
  }

 private:
  const MediumPtr medium_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> files_on(std::shared_ptr<Medium> medium) {
  return std::make_shared<Files>(std::move(medium));
}

}  // namespace mizzen::sim
