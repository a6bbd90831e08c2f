#include "volumes/volumes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "base/check.h"
#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "volumes/atomic_writer.h"

namespace mizzen::volumes {
namespace {

namespace v1 = api::core::v1;

std::optional<int64_t> fs_group(const v1::Pod& pod) {
  return pod.spec.securityContext ? pod.spec.securityContext->fsGroup : std::optional<int64_t>();
}

Result<void> own_folder(const std::string& path, unsigned mode, std::optional<int64_t> group) {
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*group)) != 0) {
    return system_error("chown " + path, errno);
  }
  if (::chmod(path.c_str(), group ? mode | 02000 : mode) != 0) return system_error("chmod " + path, errno);
  return {};
}

Error wrong_type(const std::string& path, std::string_view what) {
  return Error(Code::BadRequest, fmt::format("hostPath type check failed: {} is not {}", path, what));
}

/// Opens the sub-path beneath the volume, making what is missing as folders.
Result<linux::Fd> open_or_make(int volume, const std::string& path) {
  auto found = linux::open_beneath(volume, path, O_PATH);
  if (found.ok() || found.error().code() != Code::NotFound) return found;
  std::string made;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    const std::string parent = made.empty() ? "." : made;
    made += (made.empty() ? "" : "/") + std::string(part);
    MZ_ASSIGN(auto folder, linux::open_beneath(volume, parent, O_RDONLY | O_DIRECTORY));
    if (::mkdirat(folder.get(), std::string(part).c_str(), 0750) != 0 && errno != EEXIST) {
      return system_error("mkdir " + made, errno);
    }
  }
  return linux::open_beneath(volume, path, O_PATH);
}

bool contains_parent(const std::string& path) {
  for (const auto part : split(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

std::string_view type_name(const v1::VolumeSource& s) {
  if (s.persistentVolumeClaim) return "persistentVolumeClaim";
  if (s.nfs) return "nfs";
  if (s.csi) return "csi";
  if (s.ephemeral) return "ephemeral";
  if (s.image) return "image";
  return "given";
}

/// Volumes that are files made from the API: where they stand, and whether they may reach a disk.
struct PayloadType {
  const char* folder;
  bool in_memory;
};
std::optional<PayloadType> payload_type(const v1::VolumeSource& source) {
  if (source.configMap) return PayloadType{"configmap", false};
  if (source.secret) return PayloadType{"secret", true};
  if (source.downwardAPI) return PayloadType{"downward-api", true};
  if (source.projected) return PayloadType{"projected", true};
  return std::nullopt;
}

}  // namespace

Result<void> check_host_path(const std::string& path, const std::string& type) {
  if (contains_parent(path))
    return Error(Code::BadRequest, fmt::format("hostPath {} must not contain '..'", path));
  struct stat st{};
  bool there = ::stat(path.c_str(), &st) == 0;
  if (!there && errno != ENOENT) return system_error("stat " + path, errno);
  if (type.empty()) return {};
  if (type == "DirectoryOrCreate") {
    if (!there) return make_folders(path, 0755);
    return S_ISDIR(st.st_mode) ? Result<void>() : wrong_type(path, "a directory");
  }
  if (type == "FileOrCreate") {
    if (!there) return write_file(path, "", 0644);
    return S_ISREG(st.st_mode) ? Result<void>() : wrong_type(path, "a file");
  }
  if (type == "Directory")
    return there && S_ISDIR(st.st_mode) ? Result<void>() : wrong_type(path, "a directory");
  if (type == "File") return there && S_ISREG(st.st_mode) ? Result<void>() : wrong_type(path, "a file");
  if (type == "Socket")
    return there && S_ISSOCK(st.st_mode) ? Result<void>() : wrong_type(path, "a socket file");
  if (type == "CharDevice")
    return there && S_ISCHR(st.st_mode) ? Result<void>() : wrong_type(path, "a character device");
  if (type == "BlockDevice")
    return there && S_ISBLK(st.st_mode) ? Result<void>() : wrong_type(path, "a block device");
  return Error(Code::BadRequest, fmt::format("{} is an invalid volume type", type));
}

std::string Volumes::volume_folder(const std::string& uid, const std::string& type,
                                   const std::string& name) const {
  return fmt::format("{}/volumes/kubernetes.io~{}/{}", pod_folder(uid), type, name);
}

std::string Volumes::ready_marker(const std::string& uid, const std::string& name) const {
  return fmt::format("{}/plugins/kubernetes.io~empty-dir/{}", pod_folder(uid), name);
}

bool Volumes::stands(const v1::Volume& volume, const v1::Pod& pod) const {
  const auto& source = volume.volumeSource;
  const std::string& uid = pod.metadata.uid;
  if (source.hostPath) return true;
  if (source.emptyDir) {
    if (!path_exists(ready_marker(uid, volume.name) + "/ready")) return false;
    if (source.emptyDir->medium != "Memory") return true;
    const auto mounted = linux::is_mount_point(volume_folder(uid, "empty-dir", volume.name));
    return mounted.ok() && *mounted;
  }
  const auto payload = payload_type(source);
  return payload && path_exists(volume_folder(uid, payload->folder, volume.name) + "/..data");
}

Result<ReadyVolume> Volumes::as_it_stands(const v1::Volume& volume, const v1::Pod& pod) const {
  const auto& source = volume.volumeSource;
  if (source.hostPath) {
    MZ_TRY(check_host_path(source.hostPath->path, source.hostPath->type.value_or("")));
    return ReadyVolume{source.hostPath->path, false};
  }
  if (source.emptyDir) return ReadyVolume{volume_folder(pod.metadata.uid, "empty-dir", volume.name), false};
  const auto payload = payload_type(source);
  MZ_CHECK(payload, "volume {} does not stand", volume.name);
  return ReadyVolume{volume_folder(pod.metadata.uid, payload->folder, volume.name), true};
}

Result<ReadyVolume> Volumes::set_up(const v1::Volume& volume, const PayloadContext& context) {
  const auto& source = volume.volumeSource;
  if (source.emptyDir) return set_up_empty_dir(volume, context);
  if (const auto payload = payload_type(source))
    return set_up_payload(volume, payload->folder, payload->in_memory, context);
  if (source.hostPath) {
    MZ_TRY(check_host_path(source.hostPath->path, source.hostPath->type.value_or("")));
    return ReadyVolume{source.hostPath->path, false};
  }
  return Error(Code::BadRequest,
               fmt::format("volumes of type {} are not supported by this node yet", type_name(source)));
}

Result<ReadyVolume> Volumes::set_up_empty_dir(const v1::Volume& volume, const PayloadContext& context) {
  const auto& source = *volume.volumeSource.emptyDir;
  const std::string folder = volume_folder(context.pod.metadata.uid, "empty-dir", volume.name);
  if (source.medium != "" && source.medium != "Memory") {
    return Error(Code::BadRequest,
                 fmt::format("emptyDir medium {} is not supported by this node yet", source.medium));
  }
  const std::string ready = ready_marker(context.pod.metadata.uid, volume.name);
  MZ_TRY(make_folders(folder, 0750));
  bool mounted = true;
  if (source.medium == "Memory") {
    MZ_ASSIGN(mounted, linux::is_mount_point(folder));
    if (!mounted) {
      const auto size = source.sizeLimit ? source.sizeLimit->value() : 0;
      MZ_TRY(linux::mount_tmpfs(folder,
                                {.size_bytes = size > 0 ? static_cast<uint64_t>(size) : 0, .mode = 0777}));
    }
  }
  // Once only: by now its modes belong to the pod.
  if (!path_exists(ready + "/ready") || !mounted) {
    MZ_TRY(own_folder(folder, 0777, fs_group(context.pod)));
    MZ_TRY(make_folders(ready, 0750));
    MZ_TRY(write_file(ready + "/ready", "", 0640));
  }
  return ReadyVolume{folder, false};
}

Result<ReadyVolume> Volumes::set_up_payload(const v1::Volume& volume, const std::string& type, bool in_memory,
                                            const PayloadContext& context) {
  MZ_ASSIGN(const auto payload, payload_of(volume, context));
  const std::string folder = volume_folder(context.pod.metadata.uid, type, volume.name);
  MZ_TRY(make_folders(folder, 0750));
  if (in_memory) {
    MZ_ASSIGN(const bool mounted, linux::is_mount_point(folder));
    if (!mounted) MZ_TRY(linux::mount_tmpfs(folder, {.mode = 0777, .no_swap = true}));
  }
  MZ_TRY(own_folder(folder, 0777, fs_group(context.pod)));
  MZ_ASSIGN([[maybe_unused]] const bool changed,
            write_payload(folder, payload, clock_.wall(), random_, fs_group(context.pod)));
  return ReadyVolume{folder, true};
}

Result<std::string> Volumes::bind_sub_path(const SubPath& s) {
  if (contains_parent(s.path) || s.path.starts_with("/")) {
    return Error(Code::BadRequest, fmt::format("subPath {} must be a relative path without '..'", s.path));
  }
  linux::Fd volume(::open(s.volume_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!volume.valid()) return system_error("open volume " + s.volume_path, errno);
  MZ_ASSIGN(auto found, open_or_make(volume.get(), s.path));
  struct stat st{};
  if (::fstat(found.get(), &st) != 0) return system_error("stat subPath " + s.path, errno);
  const std::string folder =
      fmt::format("{}/volume-subpaths/{}/{}", pod_folder(s.pod_uid), s.volume, s.container);
  const std::string target = fmt::format("{}/{}", folder, s.index);
  MZ_TRY(make_folders(folder, 0750));
  // Anew for each start: the path may mean another file by now (an updated config map).
  MZ_TRY(linux::unmount(target));
  MZ_TRY(linux::remove_all(target));
  if (S_ISDIR(st.st_mode)) {
    MZ_TRY(make_folders(target, 0750));
  } else {
    MZ_TRY(write_file(target, "", 0640));
  }
  MZ_TRY(linux::bind_mount(found, target, {.read_only = s.read_only}));
  return target;
}

Result<void> Volumes::tear_down(const std::string& pod_uid) {
  if (pod_uid.empty() || pod_uid.find('/') != std::string::npos || pod_uid.starts_with(".")) {
    return Error(Code::BadRequest, "not a pod's uid: " + pod_uid);
  }
  MZ_TRY(linux::unmount_all_under(pod_folder(pod_uid)));
  return linux::remove_all(pod_folder(pod_uid));
}

}  // namespace mizzen::volumes
