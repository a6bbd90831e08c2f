#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>

#include "kubelet/decide/pod_actions.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet::testing {

using State = ContainerRecord::State;

inline Pod two_containers() {
  return pod_of(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}})");
}

/// Builds what the runtime has, newest last; ids are c1, c2 ...
class World {
 public:
  explicit World(const Pod& pod) : pod_(pod) { state.uid = pod.metadata.uid; }
  World& sandbox(bool ready = true) {
    SandboxRecord s;
    s.id = fmt::format("s{}", state.sandboxes.size() + 1);
    s.ready = ready;
    s.attempt = static_cast<uint32_t>(state.sandboxes.size());
    s.ips = ready ? std::vector<std::string>{"10.42.0.5"} : std::vector<std::string>{};
    state.sandboxes.insert(state.sandboxes.begin(), s);
    return *this;
  }
  World& container(const std::string& name, State now, int32_t code = 0) {
    ContainerRecord c;
    c.id = fmt::format("c{}", state.containers.size() + 1);
    c.name = name;
    c.sandbox_id = state.sandboxes.front().id;
    c.state = now;
    c.exit_code = code;
    c.reason = now == State::Exited ? (code == 0 ? "Completed" : "Error") : "";
    c.started = codec::Time{100, 0};
    c.finished = now == State::Exited ? codec::Time{200, 0} : codec::Time{};
    if (const auto* declared = find_container(pod_, name)) c.hash = container_hash(*declared);
    for (const auto& older : state.containers) c.restart_count += older.name == name;
    state.containers.insert(state.containers.begin(), c);
    return *this;
  }
  RuntimePod state;

 private:
  const Pod& pod_;
};

}  // namespace mizzen::kubelet::testing
