#include "volumes/plugins/volume_plugin.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "volumes/content/pod_owner.h"

namespace mizzen::volumes {

std::string PodFolders::volume(const std::string& uid, std::string_view type, const std::string& name) const {
  return fmt::format("{}/volumes/kubernetes.io~{}/{}", pod(uid), type, name);
}

std::string PodFolders::notes(const std::string& uid, std::string_view type, const std::string& name) const {
  return fmt::format("{}/plugins/kubernetes.io~{}/{}", pod(uid), type, name);
}

Result<void> own_volume(const std::string& path, unsigned mode, const api::core::v1::Pod& pod) {
  const auto group = fs_group(pod);
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*group)) != 0) {
    return system_error("chown " + path, errno);
  }
  if (::chmod(path.c_str(), group ? mode | 02000 : mode) != 0) return system_error("chmod " + path, errno);
  return {};
}

}  // namespace mizzen::volumes
