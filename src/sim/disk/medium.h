#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "base/random.h"
#include "sim/disk/content.h"

namespace mizzen::sim {

/// Role: files and folders as they are, and as they are on the medium: what a loss of power leaves is what
/// was synced, and of the rest what chance lets through. Bytes: of each file that was written none, those up
/// to some sector, or some sectors and not others, in sectors of 512 bytes or 4 KiB. Names: of
/// those that were made, changed or taken away since their folder was synced the first few, for each folder
/// alone: file systems with a journal keep that order, and the engine relies on it when it makes a new
/// manifest. Everything else is as little as POSIX promises. Threading: thread-safe. Failure: while it is
/// off every operation fails.
class Medium {
 public:
  struct File {
    Content now, durable;
    /// What is taken for written: after a failed sync more than what is durable, and nobody is told again.
    Content clean;
    bool folder = false;
  };
  using FilePtr = std::shared_ptr<File>;
  /// What an operation came to.
  enum class Outcome : uint8_t { Done, Absent, Exists, NoSpace, Failed };
  /// Faults that hold until they are taken back.
  struct Faults {
    double sync_fails = 0;            ///< an error, and what was to be synced is lost for good
    double sync_lies = 0;             ///< put in on purpose: a file's sync that did nothing
    double folder_sync_lies = 0;      ///< put in on purpose: the same of a folder's
    uint64_t bytes_max = UINT64_MAX;  ///< the room on the disk
  };

  explicit Medium(uint64_t seed) : random_(seed) {}

  FilePtr open(const std::string& path) const;
  /// An empty file of this name, in the place of one that was there.
  Outcome create(const std::string& path, FilePtr& out);
  Outcome make_folder(const std::string& path);
  Outcome rename(const std::string& from, const std::string& to);
  Outcome remove(const std::string& path);
  std::vector<std::string> children(const std::string& folder) const;
  Outcome write(File& file, uint64_t offset, std::string_view bytes);
  Outcome resize(File& file, uint64_t size);
  Outcome sync(File& file);
  Outcome sync_folder(const std::string& path);
  std::string read(const File& file, uint64_t offset, size_t n) const;
  uint64_t size(const File& file) const;
  uint64_t free_bytes() const;
  bool lock(const std::string& path);
  void unlock(const std::string& path);

  void set_faults(Faults faults);
  /// Power goes before the `operations`th change from now.
  void cut_after(uint64_t operations);
  /// Power goes now. Nothing changes any more.
  void cut();
  bool is_off() const;
  /// Changes so far.
  uint64_t operations() const;

  /// What the next life finds: after a loss of power, or after the end of the process alone.
  std::shared_ptr<Medium> after_power_cut(uint64_t seed) const;
  std::shared_ptr<Medium> after_kill(uint64_t seed) const;

 private:
  using Names = std::map<std::string, FilePtr>;
  /// A change of names in one folder that is not durable yet; null takes a name away.
  struct Pending {
    std::string folder;
    std::vector<std::pair<std::string, FilePtr>> names;
  };

  /// False where power is off, or goes with this change.
  bool change() MZ_REQUIRES(m_);
  bool has_room(uint64_t more) const MZ_REQUIRES(m_);
  void name(std::vector<std::pair<std::string, FilePtr>> names) MZ_REQUIRES(m_);
  static void apply(Names& to, const Pending& change);

  mutable Mutex m_;
  SeededRandom random_ MZ_GUARDED_BY(m_);
  Faults faults_ MZ_GUARDED_BY(m_);
  Names now_ MZ_GUARDED_BY(m_);
  Names durable_ MZ_GUARDED_BY(m_);
  std::vector<Pending> pending_ MZ_GUARDED_BY(m_);
  std::set<std::string> locked_ MZ_GUARDED_BY(m_);
  uint64_t operations_ MZ_GUARDED_BY(m_) = 0;
  uint64_t cut_at_ MZ_GUARDED_BY(m_) = UINT64_MAX;
  bool off_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::sim
