#include "kubelet/work/pod_volumes.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubelet/config/resources.h"
#include "kubelet/work/operations/disk_work.h"

namespace mizzen::kubelet {

PodVolumes::Look PodVolumes::look(const std::shared_ptr<const Pod>& pod, std::function<void()> ended) {
  const VolumePlan plan =
      plan_volumes(desired_volumes(*pod), actual_, world_.options.resync, world_.clock.monotonic());
  if (plan.set_up.empty() || under_way_) return {plan.ready, plan.next};
  under_way_ = true;
  changed_meanwhile_ = false;
  run_on_disk(
      world_, lane_,
      [self = shared_from_this(), pod, names = plan.set_up] { return self->set_up(*pod, names); },
      [self = shared_from_this(), pod, ended = std::move(ended)](const Tries& tries) {
        self->take(*pod, tries);
        ended();
      });
  return {plan.ready, plan.next};
}

PodVolumes::Tries PodVolumes::set_up(const Pod& pod, const std::vector<std::string>& names) const {
  const auto allocatable = world_.allocatable();
  const volumes::PayloadContext context{
      pod, world_.objects, allocatable,
      volume_memory_max(pod, allocatable, world_.options.node_memory_bytes)};
  Tries out;
  for (const auto& volume : pod.spec.volumes) {
    if (std::find(names.begin(), names.end(), volume.name) == names.end()) continue;
    Tried& tried = out[volume.name];
    tried.result = world_.volumes.set_up(volume, context);
    tried.stands = tried.result.ok() || world_.volumes.stands(volume, pod);
  }
  return out;
}

void PodVolumes::take(const Pod& pod, const Tries& tries) {
  under_way_ = false;
  const auto now = world_.clock.monotonic();
  for (const auto& [name, tried] : tries) {
    note_set_up(actual_[name], tried.result.ok(), tried.stands, now,
                [this](Duration d) { return world_.spread(d); });
    if (tried.result.ok()) continue;
    world_.events.pod_event(
        pod, "", true, "FailedMount",
        fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", name, tried.result.error().message()));
  }
  if (changed_meanwhile_) objects_changed(pod);
}

void PodVolumes::objects_changed(const Pod& pod) {
  changed_meanwhile_ = true;
  for (const auto& volume : pod.spec.volumes) {
    const auto known = actual_.find(volume.name);
    if (known == actual_.end() || !world_.volumes.follows_objects(volume)) continue;
    known->second.refreshed = {};
    known->second.retry_at = {};
  }
}

void PodVolumes::try_again() {
  for (auto& [name, state] : actual_) {
    state.retry_at = {};
    state.pause = {};
  }
}

}  // namespace mizzen::kubelet
