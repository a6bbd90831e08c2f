#include "volumes/content/atomic_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"

namespace mizzen::volumes {
namespace {

constexpr const char* kData = "..data";
constexpr const char* kDataNew = "..data_tmp";
constexpr size_t kPathMax = 4096;
constexpr size_t kNameMax = 255;
constexpr int kSetGroupId = 02000;
constexpr int kGroupMayRead = 0440;
constexpr int kGroupMayEnter = 0550;

Result<void> check_path(const std::string& path) {
  const auto bad = [&](std::string_view why) {
    return Error(Code::BadRequest, fmt::format("invalid path: {}: {}", why, path));
  };
  if (path.empty()) return bad("must not be empty");
  if (path.front() == '/') return bad("must be relative path");
  if (path.size() > kPathMax) return bad("must be less than or equal to 4096 characters");
  for (const auto item : split(path, '/')) {
    if (item == "..") return bad("must not contain '..'");
    if (item.size() > kNameMax) return bad("filenames must be less than or equal to 255 characters");
  }
  if (path.starts_with("..")) return bad("must not start with '..'");
  return {};
}

std::string clean(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto item : split(path, '/')) {
    if (!item.empty() && item != ".") parts.emplace_back(item);
  }
  return join(parts, "/");
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

std::optional<std::string> link_target(const std::string& path) {
  char buffer[kPathMax];
  const ssize_t n = ::readlink(path.c_str(), buffer, sizeof buffer);
  if (n <= 0) return std::nullopt;
  return std::string(buffer, static_cast<size_t>(n));
}

Result<void> collect(const std::string& folder, const std::string& prefix, std::set<std::string>& out) {
  MZ_ASSIGN(const auto names, linux::list_folder(folder));
  for (const auto& name : names) {
    struct stat st{};
    const std::string path = folder + "/" + name;
    if (::lstat(path.c_str(), &st) != 0) return system_error("stat " + path, errno);
    if (S_ISDIR(st.st_mode)) {
      MZ_TRY(collect(path, prefix + name + "/", out));
    } else {
      out.insert(prefix + name);
    }
  }
  return {};
}

bool same_file(const std::string& path, const PayloadFile& file) {
  const auto bytes = read_file(path, file.bytes.size());
  return bytes.ok() && *bytes == file.bytes;
}

bool up_to_date(const std::string& folder, const Payload& payload) {
  std::set<std::string> present;
  if (!collect(folder, "", present).ok() || present.size() != payload.size()) return false;
  for (const auto& [path, file] : payload) {
    if (!present.contains(path) || !same_file(folder + "/" + path, file)) return false;
  }
  return true;
}

Result<void> give_to_user(const std::string& path, std::optional<int64_t> user) {
  if (user && ::chown(path.c_str(), static_cast<uid_t>(*user), static_cast<gid_t>(-1)) != 0)
    return system_error("chown " + path, errno);
  return {};
}

Result<void> give_to_group(const std::string& path, int mode, std::optional<int64_t> group) {
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*group)) != 0) {
    return system_error("chown " + path, errno);
  }
  if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) return system_error("chmod " + path, errno);
  return {};
}

Result<void> write_files(const std::string& folder, const Payload& payload, std::optional<int64_t> group) {
  const int folder_mode = group ? 0755 | kSetGroupId | kGroupMayEnter : 0755;
  for (const auto& [path, file] : payload) {
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string part = folder + "/" + path.substr(0, slash);
      MZ_TRY(make_folders(part, 0755));
      MZ_TRY(give_to_group(part, folder_mode, group));
    }
    MZ_TRY(write_file(folder + "/" + path, file.bytes, static_cast<unsigned>(file.mode)));
    MZ_TRY(give_to_user(folder + "/" + path, file.owner));
    if (group) MZ_TRY(give_to_group(folder + "/" + path, file.mode | kGroupMayRead, group));
  }
  return give_to_group(folder, folder_mode, group);
}

/// Points `..data` at the new folder in one step.
Result<void> publish(const std::string& folder, const std::string& fresh) {
  const std::string temporary = folder + "/" + kDataNew;
  ::unlink(temporary.c_str());
  if (::symlink(fresh.c_str(), temporary.c_str()) != 0) return system_error("link " + temporary, errno);
  const std::string data = folder + "/" + kData;
  if (::rename(temporary.c_str(), data.c_str()) != 0) return system_error("rename " + temporary, errno);
  return {};
}

Result<void> link_visible_names(const std::string& folder, const Payload& payload) {
  std::set<std::string> wanted;
  for (const auto& [path, file] : payload) wanted.insert(first_part(path));
  MZ_ASSIGN(const auto present, linux::list_folder(folder));
  for (const auto& name : present) {
    if (name.starts_with("..") || wanted.contains(name)) continue;
    MZ_TRY(linux::remove_all(folder + "/" + name));
  }
  for (const auto& name : wanted) {
    const std::string link = folder + "/" + name;
    if (path_exists(link)) continue;
    if (::symlink((std::string(kData) + "/" + name).c_str(), link.c_str()) != 0)
      return system_error("link " + link, errno);
  }
  return {};
}

}  // namespace

Result<bool> write_payload(const std::string& folder, const Payload& payload, WallTime now, Random& random,
                           std::optional<int64_t> group) {
  Payload cleaned;
  for (const auto& [path, file] : payload) {
    MZ_TRY(check_path(path));
    cleaned[clean(path)] = file;
  }
  const auto old = link_target(folder + "/" + kData);
  if (old && up_to_date(folder + "/" + *old, cleaned)) {
    MZ_TRY(link_visible_names(folder, cleaned));
    return false;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto fresh = fmt::format("..{:%Y_%m_%d_%H_%M_%S}.{}", fmt::gmtime(static_cast<time_t>(seconds)),
                                 random.below(4'000'000'000));
  MZ_TRY(make_folders(folder + "/" + fresh, 0755));
  auto done = write_files(folder + "/" + fresh, cleaned, group);
  if (done.ok()) done = publish(folder, fresh);
  if (!done.ok()) {
    const auto removed = linux::remove_all(folder + "/" + fresh);
    return removed.ok() ? done.error() : done.error().with_context("and its half-written folder stays");
  }
  MZ_TRY(link_visible_names(folder, cleaned));
  // Older ones: the one just replaced and what a crash between two steps left.
  MZ_ASSIGN(const auto names, linux::list_folder(folder));
  for (const auto& name : names) {
    if (name.starts_with("..2") && name != fresh) MZ_TRY(linux::remove_all(folder + "/" + name));
  }
  return true;
}

}  // namespace mizzen::volumes
