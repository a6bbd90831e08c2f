#include "kubelet/decide/pod_actions.h"

#include <fmt/format.h>

#include <algorithm>

namespace mizzen::kubelet {
namespace {

using State = ContainerRecord::State;

bool succeeded(const ContainerRecord* c) { return c && c->state == State::Exited && c->exit_code == 0; }
bool failed(const ContainerRecord* c) {
  return c && (c->state == State::Unknown ||
               (c->state == State::Exited && (c->exit_code != 0 || c->reason == "OOMKilled")));
}

std::string restart_policy(const Pod& pod, const Container& c) {
  return c.restartPolicy && !c.restartPolicy->empty() ? *c.restartPolicy : pod.spec.restartPolicy;
}

constexpr std::string_view kRestartAll = "RestartAllContainers";

bool asks_for_all(const Container& c, const ContainerRecord& record) {
  if (record.state != State::Exited) return false;
  const auto* rule = matching_rule(c, record.exit_code);
  return rule && rule->action == kRestartAll;
}

/// Every record of the pod: sidecars and init containers after the regular ones, what asked after what did
/// not.
std::vector<ContainerReset> resets_of(const Pod& pod, const RuntimePod& state) {
  std::vector<ContainerReset> out;
  for (const bool asking : {false, true}) {
    for (const bool init : {false, true}) {
      for (const auto& c : api::made_containers_of(pod.spec)) {
        if (c.is_init() != init) continue;
        for (const auto& record : state.containers) {
          if (record.name != c.spec.name || asks_for_all(c.spec, record) != asking) continue;
          out.push_back({record.id, record.name, record.state != State::Exited});
        }
      }
    }
  }
  return out;
}

/// Which containers are born with a new sandbox.
std::vector<std::string> to_create(const Pod& pod, const RuntimePod& state) {
  std::vector<std::string> out;
  for (const auto& c : pod.spec.containers) {
    if (restart_policy(pod, c) == "OnFailure" && succeeded(state.newest(c.name))) continue;
    out.push_back(c.name);
  }
  return out;
}

bool any_regular_created(const Pod& pod, const RuntimePod& state) {
  return std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(),
                     [&](const Container& c) { return state.newest(c.name) != nullptr; });
}

/// Where none has, because the sandbox died before, the pod's only run is still to come: it begins again with
/// its init containers, as any pod in a new sandbox.
bool any_regular_began(const Pod& pod, const RuntimePod& state) {
  return std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(), [&](const Container& c) {
    return std::any_of(state.containers.begin(), state.containers.end(), [&](const auto& record) {
      return record.name == c.name && record.state != State::Created;
    });
  });
}

PodActions actions_for_new_sandbox(const Pod& pod, const RuntimePod& state, PodActions out) {
  out.kill_pod = true;
  if (pod.spec.restartPolicy == "Never" && out.attempt != 0 && any_regular_began(pod, state)) return out;
  auto names = to_create(pod, state);
  if (names.empty() && any_regular_created(pod, state)) return out;
  out.create_sandbox = true;
  if (!pod.spec.initContainers.empty()) {
    out.start_init.push_back(pod.spec.initContainers.front().name);
  } else {
    out.start = std::move(names);
  }
  return out;
}

bool sidecar_started(const ContainerRecord* c, const ProbeVerdicts& probes) {
  return c && c->state == State::Running && probes.started.contains(c->id);
}

std::optional<int64_t> grace_of(const codec::Box<api::core::v1::Probe>& probe) {
  return probe ? probe->terminationGracePeriodSeconds : std::nullopt;
}

void kill_unknown(const ContainerRecord& record, const char* what, PodActions& out) {
  out.kills.push_back({record.id, record.name,
                       fmt::format("{} is in {} state, try killing it before restart", what, "Unknown"),
                       ContainerKill::Why::Unknown});
}

/// A sidecar runs for ever: whatever ended or has to end is started again.
void plan_sidecar(const Container& c, const ContainerRecord* newest, const ProbeVerdicts& probes,
                  PodActions& out) {
  if (newest && newest->state == State::Running) {
    ContainerKill kill{newest->id, c.name, "", ContainerKill::Why::Changed};
    if (probes.startup_failed.contains(newest->id)) {
      kill.message = fmt::format("Init container {} failed startup probe", c.name);
      kill.why = ContainerKill::Why::Startup;
      kill.grace_s = grace_of(c.startupProbe);
    } else if (!sidecar_started(newest, probes)) {
      return;
    } else if (newest->hash != container_hash(c)) {
      kill.message = fmt::format("Init container {} definition changed", c.name);
    } else if (probes.liveness_failed.contains(newest->id)) {
      kill.message = fmt::format("Init container {} failed liveness probe", c.name);
      kill.why = ContainerKill::Why::Liveness;
      kill.grace_s = grace_of(c.livenessProbe);
    } else {
      return;
    }
    out.kills.push_back(std::move(kill));
  } else if (newest && newest->state == State::Unknown) {
    kill_unknown(*newest, "Init container", out);
  }
  out.start_init.push_back(c.name);
}

/// Fills start_init; true where the regular containers may run.
bool plan_init(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes, PodActions& out) {
  const bool initialized = is_initialized(pod, state, probes);
  for (const auto& c : pod.spec.initContainers) {
    const auto* newest = state.newest(c.name);
    if (is_sidecar(c)) {
      plan_sidecar(c, newest, probes, out);
      if (!initialized && !sidecar_started(newest, probes)) return false;
      continue;
    }
    if (initialized || succeeded(newest)) continue;
    if (newest && newest->state == State::Running) return false;
    if (failed(newest) && !should_restart(pod, c, newest)) {
      out.kill_pod = true;  // the pod has failed
      return false;
    }
    if (newest && newest->state == State::Unknown) kill_unknown(*newest, "Init container", out);
    out.start_init.push_back(c.name);
    return false;
  }
  return true;
}

void plan_regular(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes, PodActions& out) {
  size_t kept = 0;
  for (const auto& c : pod.spec.containers) {
    const auto* newest = state.newest(c.name);
    if (!newest || newest->state != State::Running) {
      if (!should_restart(pod, c, newest)) continue;
      if (newest && newest->state == State::Unknown) kill_unknown(*newest, "Container", out);
      out.start.push_back(c.name);
      continue;
    }
    ContainerKill kill{newest->id, c.name, "", ContainerKill::Why::Changed};
    bool restart = restart_policy(pod, c) != "Never";
    if (newest->hash != container_hash(c)) {
      kill.message = fmt::format("Container {} definition changed", c.name);
      restart = true;
    } else if (probes.liveness_failed.contains(newest->id)) {
      kill.message = fmt::format("Container {} failed liveness probe", c.name);
      kill.why = ContainerKill::Why::Liveness;
      kill.grace_s = grace_of(c.livenessProbe);
    } else if (probes.startup_failed.contains(newest->id)) {
      kill.message = fmt::format("Container {} failed startup probe", c.name);
      kill.why = ContainerKill::Why::Startup;
      kill.grace_s = grace_of(c.startupProbe);
    } else {
      ++kept;
      continue;
    }
    if (restart) {
      kill.message += ", will be restarted";
      out.start.push_back(c.name);
    }
    out.kills.push_back(std::move(kill));
  }
  if (kept == 0 && out.start.empty()) {
    out.kill_pod = true;
    out.start_init.clear();
    out.start_ephemeral.clear();
  }
}

/// They run once, whatever becomes of them, and wait for none of the others. One that was made and never ran
/// (the agent died in between) has its run before it.
void plan_ephemeral(const Pod& pod, const RuntimePod& state, PodActions& out) {
  for (const auto& c : api::containers_of(pod.spec)) {
    if (c.sort != api::ContainerSort::Ephemeral) continue;
    const auto* newest = state.newest(c.spec.name);
    if (!newest || newest->state == State::Created) out.start_ephemeral.push_back(c.spec.name);
  }
}

}  // namespace

bool sandbox_changed(const Pod& pod, const RuntimePod& state, uint32_t& attempt, std::string& sandbox_id) {
  attempt = 0;
  sandbox_id.clear();
  if (state.sandboxes.empty()) return true;
  const auto& newest = state.sandboxes.front();
  const auto ready =
      std::count_if(state.sandboxes.begin(), state.sandboxes.end(), [](const auto& s) { return s.ready; });
  attempt = newest.attempt + 1;
  if (ready > 1 || !newest.ready) {
    sandbox_id = newest.id;
    return true;
  }
  if (newest.host_network != pod.spec.hostNetwork) return true;
  sandbox_id = newest.id;
  if (!pod.spec.hostNetwork && newest.ips.empty()) return true;
  attempt = newest.attempt;
  return false;
}

bool should_restart(const Pod& pod, const Container& container, const ContainerRecord* newest) {
  if (pod.metadata.deletionTimestamp) return false;
  if (!newest) return true;
  if (newest->state == State::Running) return false;
  if (newest->state != State::Exited) return true;
  if (const auto* rule = matching_rule(container, newest->exit_code))
    if (rule->action == "Restart" || rule->action == kRestartAll) return true;
  const std::string policy = restart_policy(pod, container);
  if (policy == "Never") return false;
  return policy != "OnFailure" || newest->exit_code != 0;
}

const api::core::v1::ContainerRestartRule* matching_rule(const Container& container, int32_t exit_code) {
  for (const auto& rule : container.restartPolicyRules) {
    if (!rule.exitCodes) continue;
    const auto& values = rule.exitCodes->values;
    const bool in = std::find(values.begin(), values.end(), exit_code) != values.end();
    if (rule.exitCodes->operator_ == "In" ? in : rule.exitCodes->operator_ == "NotIn" && !in) return &rule;
  }
  return nullptr;
}

bool may_restart_all(const Pod& pod) {
  for (const auto& c : api::made_containers_of(pod.spec))
    for (const auto& rule : c.spec.restartPolicyRules)
      if (rule.action == kRestartAll) return true;
  return false;
}

bool restart_all_asked(const Pod& pod, const RuntimePod& state) {
  for (const auto& c : api::made_containers_of(pod.spec)) {
    const auto* newest = state.newest(c.spec.name);
    if (newest && asks_for_all(c.spec, *newest)) return true;
  }
  return false;
}

bool is_initialized(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes) {
  for (const auto& c : pod.spec.containers) {
    const auto* newest = state.newest(c.name);
    const bool here = newest && !state.sandboxes.empty() && newest->sandbox_id == state.sandboxes.front().id;
    if (here && (newest->state == State::Running || newest->state == State::Created)) return true;
  }
  for (const auto& c : pod.spec.initContainers) {
    const auto* newest = state.newest(c.name);
    const bool done = is_sidecar(c) ? sidecar_started(newest, probes) : succeeded(newest);
    if (!done) {
      // Once regular containers have run in this sandbox, init containers are history even where their
      // records are gone.
      const bool ran =
          std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(), [&](const Container& r) {
            const auto* record = state.newest(r.name);
            return record && !state.sandboxes.empty() && record->sandbox_id == state.sandboxes.front().id;
          });
      return ran;
    }
  }
  return true;
}

PodActions compute_pod_actions(const Pod& pod, const RuntimePod& state, const ProbeVerdicts& probes) {
  PodActions out;
  const bool changed = sandbox_changed(pod, state, out.attempt, out.sandbox_id);
  if (restart_all_asked(pod, state)) {
    out.resets = resets_of(pod, state);
    return out;
  }
  if (changed) return actions_for_new_sandbox(pod, state, std::move(out));
  plan_ephemeral(pod, state, out);
  if (!plan_init(pod, state, probes, out) || out.kill_pod) return out;
  plan_regular(pod, state, probes, out);
  return out;
}

}  // namespace mizzen::kubelet
