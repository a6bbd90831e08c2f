#include "kubelet/decide/under_way.h"

#include <algorithm>

namespace mizzen::kubelet {
namespace {

bool is_being_stopped(const RuntimePod& state, const std::string& name, const PodActions& plan,
                      const UnderWay& under_way) {
  for (const auto& record : state.containers)
    if (record.name == name && under_way.stopping.contains(record.id)) return true;
  return std::any_of(plan.kills.begin(), plan.kills.end(), [&](const auto& k) { return k.name == name; });
}

/// Keeps of `names` what may start now.
void narrow(std::vector<std::string>& names, const RuntimePod& state, const PodActions& plan,
            const UnderWay& under_way) {
  // Those that never ran come one after the other.
  bool first_start_taken = std::any_of(names.begin(), names.end(), [&](const auto& name) {
    return under_way.starting.contains(name) && !state.newest(name);
  });
  std::vector<std::string> out;
  for (auto& name : names) {
    if (under_way.starting.contains(name) || is_being_stopped(state, name, plan, under_way)) continue;
    if (!state.newest(name) && !under_way.failed.contains(name)) {
      if (first_start_taken) continue;
      first_start_taken = true;
    }
    out.push_back(std::move(name));
  }
  names = std::move(out);
}

}  // namespace

NextSteps next_steps(PodActions plan, const RuntimePod& state, const UnderWay& under_way) {
  NextSteps out;
  if (under_way.making_sandbox || under_way.taking_down) return out;
  const bool takes_down = plan.kill_pod || plan.create_sandbox || !plan.resets.empty();
  if (takes_down && (!under_way.starting.empty() || !under_way.stopping.empty())) {
    out.cancel_starts = !under_way.starting.empty();
    return out;
  }
  narrow(plan.start_init, state, plan, under_way);
  narrow(plan.start, state, plan, under_way);
  narrow(plan.start_ephemeral, state, plan, under_way);
  std::erase_if(plan.kills, [&](const auto& kill) { return under_way.stopping.contains(kill.id); });
  out.actions = std::move(plan);
  return out;
}

}  // namespace mizzen::kubelet
