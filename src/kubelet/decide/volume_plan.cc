#include "kubelet/decide/volume_plan.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::kubelet {
namespace {

/// Pauses between tries, as upstream's.
constexpr Duration kPauseFirst = std::chrono::milliseconds(500);
constexpr Duration kPauseMax = std::chrono::seconds(122);

}  // namespace

std::vector<api::core::v1::Volume> desired_volumes(const api::core::v1::Pod& pod) {
  std::set<std::string_view> mounted;
  for (const auto& c : api::containers_of(pod.spec)) {
    for (const auto& mount : c.spec.volumeMounts) mounted.insert(mount.name);
    for (const auto& device : c.spec.volumeDevices) mounted.insert(device.name);
  }
  std::vector<api::core::v1::Volume> out;
  for (const auto& volume : pod.spec.volumes)
    if (mounted.contains(volume.name)) out.push_back(volume);
  return out;
}

VolumePlan plan_volumes(const std::vector<api::core::v1::Volume>& desired, const VolumeStates& actual,
                        Duration resync, Monotonic now) {
  VolumePlan out;
  for (const auto& volume : desired) {
    const auto known = actual.find(volume.name);
    const VolumeState state = known == actual.end() ? VolumeState() : known->second;
    out.ready = out.ready && state.stands;
    const bool fresh = state.stands && state.refreshed != Monotonic();
    const Monotonic due = std::max(fresh ? later(state.refreshed, resync) : Monotonic(), state.retry_at);
    if (due <= now) {
      out.set_up.push_back(volume.name);
    } else {
      out.next = std::min(out.next, due);
    }
  }
  return out;
}

void note_set_up(VolumeState& state, bool succeeded, bool stands, Monotonic now,
                 const std::function<Duration(Duration)>& spread) {
  state.stands = stands;
  state.refreshed = now;
  if (succeeded) {
    state.retry_at = {};
    state.pause = {};
    return;
  }
  state.pause = state.pause == Duration::zero() ? kPauseFirst : std::min(state.pause * 2, kPauseMax);
  state.retry_at = later(now, spread(state.pause));
}

}  // namespace mizzen::kubelet
