#include "volumes/plugins/host_path.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::volumes {
namespace {

struct Type {
  std::string_view name;
  mode_t format;
  std::string_view what;
};
constexpr Type kTypes[] = {
    {"DirectoryOrCreate", S_IFDIR, "a directory"}, {"Directory", S_IFDIR, "a directory"},
    {"FileOrCreate", S_IFREG, "a file"},           {"File", S_IFREG, "a file"},
    {"Socket", S_IFSOCK, "a socket file"},         {"CharDevice", S_IFCHR, "a character device"},
    {"BlockDevice", S_IFBLK, "a block device"}};

Error wrong_type(const std::string& path, std::string_view what) {
  return Error(Code::BadRequest, fmt::format("hostPath type check failed: {} is not {}", path, what));
}

}  // namespace

Result<void> check_host_path(const std::string& path, const std::string& type) {
  const auto parts = split(path, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end())
    return Error(Code::BadRequest, fmt::format("hostPath {} must not contain '..'", path));
  struct stat st{};
  const bool there = ::stat(path.c_str(), &st) == 0;
  if (!there && errno != ENOENT) return system_error("stat " + path, errno);
  if (type.empty()) return {};
  for (const Type& t : kTypes) {
    if (t.name != type) continue;
    return there && (st.st_mode & S_IFMT) == t.format ? Result<void>() : wrong_type(path, t.what);
  }
  return Error(Code::BadRequest, fmt::format("{} is an invalid volume type", type));
}

Result<void> HostPath::set_up(const api::core::v1::Volume& volume, const PayloadContext&) {
  const auto& source = *volume.volumeSource.hostPath;
  const std::string type = source.type.value_or("");
  // What is there is left as it is, of whatever type; the check says so.
  if (check_host_path(source.path, "").ok() && !path_exists(source.path)) {
    if (type == "DirectoryOrCreate") MZ_TRY(make_folders(source.path, 0755));
    if (type == "FileOrCreate") MZ_TRY(write_file(source.path, "", 0644));
  }
  return check_host_path(source.path, type);
}

bool HostPath::stands(const api::core::v1::Volume& volume, const api::core::v1::Pod&) const {
  const auto& source = *volume.volumeSource.hostPath;
  return check_host_path(source.path, source.type.value_or("")).ok();
}

Result<ReadyVolume> HostPath::ready(const api::core::v1::Volume& volume, const api::core::v1::Pod&) const {
  return ReadyVolume{volume.volumeSource.hostPath->path, false};
}

}  // namespace mizzen::volumes
