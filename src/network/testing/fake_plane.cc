#include "network/testing/fake_plane.h"

#include <fmt/format.h>

namespace mizzen::network {

FakePlane::State FakePlane::wanted(const NodePlan& plan) {
  State out;
  for (const auto& [key, pod] : plan.pods) {
    if (pod.leaving) continue;
    out.wired[pod.addresses.front().address] = key.container_id;
    for (const auto& p : pod.ports)
      out.ports[fmt::format("{}/{}", p.protocol, p.host_port)] = pod.addresses.front().address;
  }
  return out;
}

Result<void> FakePlane::wire(const NodeSettings&, const PodAttachment& pod) {
  if (on_wire) MZ_TRY(on_wire(pod));
  state_.with([&](State& s) { s.wired[pod.addresses.front().address] = pod.key.container_id; });
  return {};
}

Result<void> FakePlane::unwire(const PodAttachment& pod) {
  if (on_unwire) MZ_TRY(on_unwire(pod));
  state_.with([&](State& s) {
    if (!pod.addresses.empty()) s.wired.erase(pod.addresses.front().address);
  });
  return {};
}

Result<void> FakePlane::ensure_node(const NodeSettings&) { return {}; }

Result<void> FakePlane::publish(const NodePlan& plan) {
  if (on_publish) MZ_TRY(on_publish());
  state_.with([&](State& s) {
    s.ports = wanted(plan).ports;
    ++s.publishes;
  });
  return {};
}

Result<bool> FakePlane::differs(const NodePlan& plan) {
  if (on_look) MZ_TRY(on_look());
  return state_.with([&](State& s) { return !(s == wanted(plan)); });
}

Result<std::string> FakePlane::reconcile(const NodePlan& plan) {
  return state_.with([&](State& s) -> std::string {
    if (s == wanted(plan)) return "";
    const int publishes = s.publishes;
    s = wanted(plan);
    s.publishes = publishes;
    return "all";
  });
}

Result<void> FakePlane::verify(const NodePlan&, const PodAttachment& pod) {
  const auto now = wired();
  const auto found = now.find(pod.addresses.front().address);
  if (found == now.end() || found->second != pod.key.container_id) return Error(Code::NotFound, "not wired");
  return {};
}

Result<void> FakePlane::remove(const NodePlan&) {
  wipe();
  return {};
}

std::map<std::string, std::string> FakePlane::wired() const {
  return state_.with([](const State& s) { return s.wired; });
}
std::map<std::string, std::string> FakePlane::ports() const {
  return state_.with([](const State& s) { return s.ports; });
}
int FakePlane::publishes() const {
  return state_.with([](const State& s) { return s.publishes; });
}
void FakePlane::wipe() {
  state_.with([](State& s) { s.wired.clear(), s.ports.clear(); });
}

}  // namespace mizzen::network
