#include "store/embedded/data_dir.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/strings.h"

namespace mizzen::store {
namespace {

constexpr std::string_view kFormatWord = "mizzen-store";

Result<std::unique_ptr<Disk::Held>> take_lock(Disk& disk, const std::string& path) {
  auto held = disk.lock(path + "/LOCK");
  if (held.ok() || held.error().code() != Code::Conflict) return held;
  const std::string& owner = held.error().message();
  return Error(Code::Conflict,
               fmt::format("the data folder {} is in use by process {}: stop it first, or name "
                           "another folder",
                           path, owner.empty() ? "?" : owner));
}

Result<void> check_format(Disk& disk, const std::string& path) {
  const std::string file = path + "/FORMAT";
  if (!disk.exists(file)) {
    if (disk.exists(path + "/db")) {
      return Error(Code::Invalid,
                   fmt::format("the data folder {} holds a store without a FORMAT file: it is damaged or "
                               "not ours; name another folder",
                               path));
    }
    return disk.write(file, fmt::format("{} {}\n", kFormatWord, DataDir::kFormat));
  }
  MZ_ASSIGN(const std::string text, disk.read(file));
  const std::string wanted = fmt::format("{} {}", kFormatWord, DataDir::kFormat);
  if (trim(text) == wanted) return {};
  return Error(Code::Invalid,
               fmt::format("the data folder {} is of format {}, this version reads {}: use the version "
                           "that wrote it, or name another folder",
                           path, quote(trim(text)), quote(wanted)));
}

/// Makes the folder and what is missing above it, durably.
Result<void> make_durable(Disk& disk, const std::string& path) {
  std::vector<std::string> above;  // folders that get a new name in them
  for (std::string at = path; !disk.exists(at);) {
    const size_t slash = at.rfind('/');
    at = slash == std::string::npos ? "." : slash == 0 ? "/" : at.substr(0, slash);
    above.push_back(at);
  }
  MZ_TRY(disk.make_folders(path));
  for (const std::string& folder : above) MZ_TRY(disk.sync_folder(folder));
  return {};
}

}  // namespace

Result<DataDir> DataDir::open(std::string path, uint64_t reserve_bytes, std::shared_ptr<Disk> disk) {
  MZ_TRY(make_durable(*disk, path));
  MZ_ASSIGN(auto lock, take_lock(*disk, path));
  DataDir dir(std::move(path), std::move(disk), std::move(lock), reserve_bytes);
  MZ_TRY(check_format(*dir.disk_, dir.path_));
  MZ_TRY(dir.disk_->make_folders(dir.db_path()));
  // db/ itself must outlive a loss of power, not only what is in it
  MZ_TRY(dir.disk_->sync_folder(dir.path_));
  return dir;
}

DataDir::DataDir(std::string path, std::shared_ptr<Disk> disk, std::unique_ptr<Disk::Held> lock,
                 uint64_t reserve_bytes)
    : path_(std::move(path)), disk_(std::move(disk)), lock_(std::move(lock)), reserve_bytes_(reserve_bytes) {}

bool DataDir::restore_reserve(uint64_t spare_bytes) {
  const std::string file = path_ + "/reserve";
  const bool whole = reserve_bytes_ == 0 || disk_->occupied_bytes(file) >= reserve_bytes_;
  if (free_bytes() < spare_bytes + (whole ? 0 : reserve_bytes_)) return false;
  return whole || disk_->occupy(file, reserve_bytes_);
}

}  // namespace mizzen::store
