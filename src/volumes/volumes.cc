#include "volumes/volumes.h"

#include <fmt/format.h>

#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "volumes/plugins/empty_dir.h"
#include "volumes/plugins/host_path.h"
#include "volumes/plugins/payload_volume.h"

namespace mizzen::volumes {
namespace {

std::string_view type_name(const api::core::v1::VolumeSource& s) {
  if (s.persistentVolumeClaim) return "persistentVolumeClaim";
  if (s.nfs) return "nfs";
  if (s.csi) return "csi";
  if (s.ephemeral) return "ephemeral";
  if (s.image) return "image";
  return "given";
}

}  // namespace

Volumes::Volumes(std::string pods_folder, const Clock& clock, Random& random, Options options)
    : folders_{std::move(pods_folder)} {
  plugins_.push_back(std::make_unique<EmptyDir>(folders_, options.memory));
  plugins_.push_back(std::make_unique<HostPath>());
  for (auto type : PayloadVolume::types()) {
    type.in_memory = type.in_memory && options.memory;
    plugins_.push_back(std::make_unique<PayloadVolume>(type, folders_, clock, random));
  }
}

Volumes::~Volumes() = default;

VolumePlugin* Volumes::plugin_of(const api::core::v1::Volume& volume) const {
  for (const auto& plugin : plugins_)
    if (plugin->can(volume.volumeSource)) return plugin.get();
  return nullptr;
}

Result<void> Volumes::set_up(const api::core::v1::Volume& volume, const PayloadContext& context) {
  if (auto* plugin = plugin_of(volume)) return plugin->set_up(volume, context);
  return Error(Code::BadRequest, fmt::format("volumes of type {} are not supported by this node yet",
                                             type_name(volume.volumeSource)));
}

bool Volumes::follows_objects(const api::core::v1::Volume& volume) const {
  const auto* plugin = plugin_of(volume);
  return plugin && plugin->follows_objects();
}

bool Volumes::stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
  const auto* plugin = plugin_of(volume);
  return plugin && plugin->stands(volume, pod);
}

Result<ReadyVolume> Volumes::ready(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
  const auto* plugin = plugin_of(volume);
  if (plugin && plugin->stands(volume, pod)) return plugin->ready(volume, pod);
  return Error(Code::ServiceUnavailable, fmt::format("volume \"{}\" is not set up", volume.name));
}

Result<void> Volumes::tear_down(const std::string& pod_uid) {
  if (pod_uid.empty() || pod_uid.find('/') != std::string::npos || pod_uid.starts_with(".")) {
    return Error(Code::BadRequest, "not a pod's uid: " + pod_uid);
  }
  MZ_TRY(linux::unmount_all_under(pod_folder(pod_uid)));
  return linux::remove_all(pod_folder(pod_uid));
}

}  // namespace mizzen::volumes
