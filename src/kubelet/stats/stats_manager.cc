#include "kubelet/stats/stats_manager.h"

#include <algorithm>
#include <utility>

#include "cri/blocking.h"
#include "kubelet/config/cri_config.h"

namespace mizzen::kubelet {
namespace {

constexpr Duration kRuntimeWait = std::chrono::seconds(10);
constexpr Duration kImagesEvery = std::chrono::minutes(1);
constexpr Duration kRateMin = std::chrono::seconds(1);
constexpr const char* kStorage = "ephemeral-storage";

bool is_in_memory(const api::core::v1::Volume& volume) {
  return !volume.volumeSource.emptyDir->medium.empty();
}

bool has_storage_limit(const Pod& pod) {
  const auto limits = [](const auto& resources) { return resources.limits.contains(kStorage); };
  if (pod.spec.resources && limits(*pod.spec.resources)) return true;
  for (const auto& c : api::containers_of(pod.spec))
    if (limits(c.spec.resources)) return true;
  return std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(), [](const auto& v) {
    return v.volumeSource.emptyDir && v.volumeSource.emptyDir->sizeLimit && !is_in_memory(v);
  });
}

bool is_here(const RuntimePod& state) { return state.any_running() || state.any_sandbox_ready(); }

}  // namespace

struct StatsManager::Told {
  std::map<std::string, cri::v1::ContainerStats> by_id;
  std::optional<linux::DiskSpace> node_disk, image_disk;
};

std::shared_ptr<const Summary> StatsManager::read(Depth depth, Duration age_max) {
  Lock one_at_a_time(reading_);
  const auto now = deps_.clock.monotonic();
  {
    Lock lock(m_);
    if (last_ && depth_ >= depth && now - read_at_ < age_max) return last_;
  }
  for (auto& [key, sample] : samples_) sample.used = false;
  auto summary = std::make_shared<Summary>();
  const WallTime at = deps_.clock.wall();
  ask_for_image_disk();
  summary->node = node_stats(depth, at);
  if (depth != Depth::Node) summary->pods = pods_stats(depth, at);
  if (depth == Depth::All) std::erase_if(samples_, [](const auto& sample) { return !sample.second.used; });
  Lock lock(m_);
  last_ = summary;
  depth_ = depth;
  read_at_ = now;
  return summary;
}

std::optional<CpuReading> StatsManager::cpu(const std::string& key, std::optional<uint64_t> total_ns) {
  if (!total_ns) return std::nullopt;
  const auto now = deps_.clock.monotonic();
  const auto [found, fresh] = samples_.try_emplace(key, Sample{{*total_ns, std::nullopt}, now});
  Sample& sample = found->second;
  sample.used = true;
  const Duration passed = now - sample.at;
  if (!fresh && passed >= kRateMin) {
    const uint64_t grown = *total_ns > sample.reading.total_ns ? *total_ns - sample.reading.total_ns : 0;
    const double seconds = std::chrono::duration<double>(passed).count();
    sample = {{*total_ns, static_cast<uint64_t>(static_cast<double>(grown) / seconds)}, now};
  }
  return CpuReading{*total_ns, sample.reading.per_second_ns};
}

bool StatsManager::has_image_disk() const {
  Lock lock(m_);
  return image_disk_;
}

/// Where it is does not change, how much of it images take does.
void StatsManager::ask_for_image_disk() {
  const auto now = deps_.clock.monotonic();
  {
    Lock lock(m_);
    if (image_asked_ && now - *image_asked_ < kImagesEvery) return;
    image_asked_ = now;
  }
  const auto told =
      cri::wait<&cri::Runtime::image_fs_info>(deps_.runtime, {}, Deadline::after(kRuntimeWait, deps_.clock));
  if (!told.ok() || told->image_filesystems.empty() || !told->image_filesystems.front().fs_id) return;
  const auto& images = told->image_filesystems.front();
  const auto ours = deps_.gauges.disk(options_.data_folder);
  const auto theirs = deps_.gauges.disk(images.fs_id->mountpoint);
  Lock lock(m_);
  image_folder_ = images.fs_id->mountpoint;
  image_bytes_ = images.used_bytes ? std::optional(images.used_bytes->value) : std::nullopt;
  image_disk_ = ours && theirs && ours->device != theirs->device;
}

stats::v1alpha1::NodeStats StatsManager::node_stats(Depth depth, WallTime at) {
  stats::v1alpha1::NodeStats out;
  const auto machine = deps_.gauges.machine();
  out.nodeName = options_.node_name;
  out.startTime = codec::Time::from(machine.booted);
  if (const auto use = cpu("/", machine.cpu_ns)) out.cpu = cpu_stats(*use, at);
  if (machine.memory_bytes > 0) out.memory = memory_stats(machine, at);
  out.swap.ensure().time = codec::Time::from(at);
  out.swap->swapAvailableBytes = machine.swap_free_bytes;
  out.swap->swapUsageBytes = machine.swap_bytes - std::min(machine.swap_bytes, machine.swap_free_bytes);
  if (depth == Depth::All) {
    const auto interfaces = deps_.gauges.interfaces();
    if (!interfaces.empty()) out.network = network_stats(interfaces, deps_.gauges.default_interface(), at);
  }
  if (const auto space = deps_.gauges.disk(options_.data_folder)) out.fs = fs_stats(*space, at);
  std::string image_folder;
  std::optional<uint64_t> image_bytes;
  {
    Lock lock(m_);
    image_folder = image_folder_;
    image_bytes = image_bytes_;
  }
  if (!image_folder.empty()) {
    if (const auto space = deps_.gauges.disk(image_folder)) {
      FsStats images = fs_stats(*space, at);
      out.runtime.ensure().containerFs = images;
      if (image_bytes) images.usedBytes = image_bytes;
      out.runtime->imageFs = images;
    }
  }
  const int64_t processes_max = deps_.gauges.processes_max();
  if (machine.threads > 0 && processes_max > 0) {
    out.rlimit.ensure().time = codec::Time::from(at);
    out.rlimit->maxpid = processes_max;
    out.rlimit->curproc = machine.threads;
  }
  if (const auto pods = deps_.gauges.group(options_.cgroup_root)) {
    auto& told = out.systemContainers.emplace_back();
    told.name = "pods";
    told.startTime = out.startTime;
    if (const auto use = cpu(options_.cgroup_root, pods->cpu_ns)) told.cpu = cpu_stats(*use, at);
    if (pods->working_set_bytes) told.memory = memory_stats(*pods, at);
  }
  return out;
}

StatsManager::Told StatsManager::ask_for_containers() {
  Told out;
  const auto told = cri::wait<&cri::Runtime::list_container_stats>(
      deps_.runtime, {}, Deadline::after(kRuntimeWait, deps_.clock));
  if (!told.ok()) return out;
  for (const auto& one : told->stats)
    if (one.attributes) out.by_id[one.attributes->id] = one;
  return out;
}

std::vector<PodStats> StatsManager::pods_stats(Depth depth, WallTime at) {
  Told told = depth == Depth::All ? ask_for_containers() : Told();
  told.node_disk = deps_.gauges.disk(options_.data_folder);
  {
    Lock lock(m_);
    if (!image_folder_.empty()) told.image_disk = deps_.gauges.disk(image_folder_);
  }
  std::vector<PodStats> out;
  for (const auto& pod : deps_.pods()) {
    const RuntimePod state = deps_.cache.pod(pod->metadata.uid);
    if (is_here(state)) out.push_back(pod_stats(readings(*pod, state, depth, told, at)));
  }
  return out;
}

PodReadings StatsManager::readings(const Pod& pod, const RuntimePod& state, Depth depth, const Told& told,
                                   WallTime at) {
  PodReadings out{.pod = pod, .started = pod.status.startTime.value_or(codec::Time()), .at = at};
  out.node_disk = told.node_disk;
  out.image_disk = told.image_disk;
  const std::string group = pod_cgroup(pod, options_.cgroup_root);
  if (depth == Depth::All) {
    out.use = deps_.gauges.group(group);
    if (out.use) out.cpu = cpu(group, out.use->cpu_ns);
    if (!pod.spec.hostNetwork) out.interfaces = deps_.gauges.interfaces_of(group);
  }
  std::set<std::string> seen;
  for (const auto& record : state.containers) {
    if (record.state != ContainerRecord::State::Running || !seen.insert(record.name).second) continue;
    auto& c = out.containers.emplace_back();
    c.name = record.name;
    c.started = record.started;
    c.logs = deps_.looks.last(log_folder(pod, record.name));
    if (depth != Depth::All) continue;
    const std::string own = group + "/" + record.id;
    c.use = deps_.gauges.group(own);
    if (c.use) c.cpu = cpu(own, c.use->cpu_ns);
    if (const auto found = told.by_id.find(record.id); found != told.by_id.end()) c.told = found->second;
  }
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.volumeSource.emptyDir) continue;
    const std::string folder = volume_folder(pod, volume.name);
    if (is_in_memory(volume)) {
      if (depth == Depth::All) out.volumes.push_back({volume.name, {}, deps_.gauges.disk(folder)});
    } else {
      out.volumes.push_back({volume.name, deps_.looks.last(folder), {}});
    }
  }
  return out;
}

std::string StatsManager::volume_folder(const Pod& pod, const std::string& name) const {
  return deps_.pod_folder(pod.metadata.uid) + "/volumes/kubernetes.io~empty-dir/" + name;
}

std::string StatsManager::log_folder(const Pod& pod, const std::string& container) const {
  return pod_log_folder(options_.logs_folder, pod.metadata.namespace_, pod.metadata.name, pod.metadata.uid) +
         "/" + container;
}

void StatsManager::want_all() {
  Lock lock(m_);
  wanted_ = deps_.clock.monotonic();
}

void StatsManager::tick() {
  bool all = false;
  {
    Lock lock(m_);
    all = wanted_ && deps_.clock.monotonic() - *wanted_ < kAskedFor;
  }
  std::set<std::string> folders;
  for (const auto& pod : deps_.pods()) {
    if (!all && !has_storage_limit(*pod)) continue;
    const RuntimePod state = deps_.cache.pod(pod->metadata.uid);
    if (!is_here(state)) continue;
    for (const auto& record : state.containers) folders.insert(log_folder(*pod, record.name));
    for (const auto& volume : pod->spec.volumes)
      if (volume.volumeSource.emptyDir && !is_in_memory(volume))
        folders.insert(volume_folder(*pod, volume.name));
  }
  deps_.looks.want(folders);
  deps_.looks.tick();
}

}  // namespace mizzen::kubelet
