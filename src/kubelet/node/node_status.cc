#include "kubelet/node/node_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/node/node_health.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;

constexpr size_t kImagesMax = 50;
constexpr size_t kNamesOfImageMax = 5;

codec::Quantity kibibytes(uint64_t bytes) {
  auto q = codec::Quantity::parse(fmt::format("{}Ki", bytes / 1024));
  return q.ok() ? *q : codec::Quantity();
}

void fill_resources(v1::NodeStatus& s, const NodeFacts& f) {
  s.capacity.set("cpu", codec::Quantity::of(f.machine.cpus));
  s.capacity.set("memory", kibibytes(f.machine.memory_bytes));
  s.capacity.set("pods", codec::Quantity::of(f.pods_max));
  s.capacity.set("ephemeral-storage", kibibytes(f.disk_bytes));
  uint64_t huge = 0;  // is no memory for others
  for (const auto& [page, total] : f.machine.huge_pages) {
    s.capacity.set("hugepages-" + kibibytes(page).text(), kibibytes(total));
    huge += total;
  }
  s.allocatable = s.capacity;
  const uint64_t kept = std::min(f.machine.memory_bytes, f.memory_kept_bytes + huge);
  s.allocatable.set("memory", kibibytes(f.machine.memory_bytes - kept));
  s.allocatable.set(
      "ephemeral-storage",
      codec::Quantity::of(static_cast<int64_t>(f.disk_bytes - std::min(f.disk_bytes, f.disk_kept_bytes))));
}

void fill_info(v1::NodeStatus& s, const NodeFacts& f) {
  auto& info = s.nodeInfo;
  info.machineID = f.machine.machine_id;
  info.systemUUID = f.machine.system_uuid;
  info.bootID = f.machine.boot_id;
  info.kernelVersion = f.machine.kernel_version;
  info.osImage = f.machine.os_image;
  info.containerRuntimeVersion = f.runtime_version;
  info.kubeletVersion = f.version;
  info.operatingSystem = "linux";
  info.architecture = f.machine.architecture;
  if (f.machine.swap_bytes > 0) info.swap.ensure().capacity = static_cast<int64_t>(f.machine.swap_bytes);
}

void fill_images(v1::NodeStatus& s, std::vector<cri::v1::Image> images) {
  std::stable_sort(images.begin(), images.end(),
                   [](const auto& a, const auto& b) { return a.size > b.size; });
  if (images.size() > kImagesMax) images.resize(kImagesMax);
  s.images.clear();
  for (const auto& image : images) {
    auto& out = s.images.emplace_back();
    out.names = image.repo_digests;
    out.names.insert(out.names.end(), image.repo_tags.begin(), image.repo_tags.end());
    if (out.names.size() > kNamesOfImageMax) out.names.resize(kNamesOfImageMax);
    out.sizeBytes = static_cast<int64_t>(image.size);
  }
}

void fill_features(v1::NodeStatus& s, const NodeFacts& f) {
  if (!f.groups_policy) return;
  s.features.ensure().supplementalGroupsPolicy = f.groups_policy;
  s.runtimeHandlers.clear();
  for (const auto& handler : f.runtime_handlers) {
    auto& out = s.runtimeHandlers.emplace_back();
    out.name = handler.name;
    const auto has = handler.features ? *handler.features : cri::v1::RuntimeHandlerFeatures();
    out.features.ensure().recursiveReadOnlyMounts = has.recursive_read_only_mounts;
    out.features->userNamespaces = has.user_namespaces;
  }
}

client::NodeHealth health_of(const NodeFacts& f) {
  client::NodeHealth out;
  out.memory_short = f.pressures.memory;
  out.disk_short = f.pressures.disk;
  out.pids_short = f.pressures.pids;
  out.problem = f.runtime_problem;
  if (!f.network_problem.empty()) {
    out.problem += (out.problem.empty() ? "" : ", ") +
                   fmt::format("container runtime network not ready: {}", f.network_problem);
  }
  return out;
}

}  // namespace

void fill_node_metadata(Node& node, const NodeFacts& f) {
  node.metadata.name = f.name;
  auto& labels = node.metadata.labels;
  labels.set("kubernetes.io/hostname", f.hostname);
  for (const char* prefix : {"kubernetes.io/", "beta.kubernetes.io/"}) {
    labels.set(std::string(prefix) + "os", "linux");
    labels.set(std::string(prefix) + "arch", f.machine.architecture);
  }
  for (const auto& [key, value] : f.labels) labels.set(key, value);
  node.metadata.annotations.set("volumes.kubernetes.io/controller-managed-attach-detach", "true");
}

void fill_node_status(Node& node, const NodeFacts& f, WallTime now) {
  auto& s = node.status;
  s.addresses.clear();
  for (const auto& ip : f.addresses) {
    auto& a = s.addresses.emplace_back();
    a.type = "InternalIP";
    a.address = ip;
  }
  auto& name = s.addresses.emplace_back();
  name.type = "Hostname";
  name.address = f.hostname;
  fill_resources(s, f);
  fill_info(s, f);
  s.daemonEndpoints.kubeletEndpoint.port = f.port;
  fill_images(s, f.images);
  fill_features(s, f);
  client::set_health(s, health_of(f), now);
}

bool node_status_changed(const Node& before, const Node& after) {
  Node a = before, b = after;
  for (Node* node : {&a, &b}) {
    for (auto& c : node->status.conditions) c.lastHeartbeatTime = {};
  }
  return !codec::equal(a.status, b.status);
}

}  // namespace mizzen::kubelet
