#include "kubelet/work/operations/old_records.h"

#include <algorithm>

#include "kubelet/logs/log_rotation.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

void tell_removed(NodeWorld& world, const std::string& id, const Error* error) {
  if (!error || error->code() == Code::NotFound) return world.cache.forget(id);
  log::warn("kubelet", "Cannot remove what is over", {log::kv("id", id), log::kv("error", error->message())});
}

template <auto kCall, typename Request>
void remove(NodeWorld& world, const Request& request, const std::string& id, std::function<void()> then) {
  const auto token = world.gate.enter();
  if (!token) return;
  (world.runtime.*kCall)(
      request, {.deadline = Deadline::after(kRuntimeTimeout, world.clock), .stop = world.stopping.token()},
      [&world, id, token, then = std::move(then)](const auto& answer) {
        tell_removed(world, id, answer.ok() ? nullptr : &answer.error());
        if (answer.ok() && then) then();
      });
}

}  // namespace

void remove_old_records(NodeWorld& world, const RuntimePod& state, const std::string& container,
                        size_t keep) {
  for (const auto& record : state.containers) {
    if (record.name != container || record.state == ContainerRecord::State::Running) continue;
    if (keep > 0) {
      --keep;
      continue;
    }
    cri::v1::RemoveContainerRequest request;
    request.container_id = record.id;
    remove<&cri::Runtime::remove_container>(world, request, record.id, [&world, log = record.log_path] {
      if (log.empty()) return;
      (void)world.executor.post([log] {
        const auto gone = remove_log(log);
        if (!gone.ok()) log::warn("kubelet", "Cannot remove log", {log::kv("error", gone.error().message())});
      });
    });
  }
}

void remove_empty_sandboxes(NodeWorld& world, const RuntimePod& state) {
  for (const auto& sandbox : state.sandboxes) {
    const bool used = std::any_of(state.containers.begin(), state.containers.end(),
                                  [&](const auto& c) { return c.sandbox_id == sandbox.id; });
    if (sandbox.ready || used) continue;
    cri::v1::RemovePodSandboxRequest request;
    request.pod_sandbox_id = sandbox.id;
    remove<&cri::Runtime::remove_pod_sandbox>(world, request, sandbox.id, nullptr);
  }
}

}  // namespace mizzen::kubelet
