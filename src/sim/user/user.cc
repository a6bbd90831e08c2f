#include "sim/user/user.h"

#include <fmt/format.h>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/schema/core/v1/service.h"

namespace mizzen::sim {
namespace {

using api::apps::v1::Deployment;
using api::core::v1::ConfigMap;
using api::core::v1::Namespace;
using api::core::v1::Node;
using api::core::v1::Pod;
using api::core::v1::ReplicationController;
using api::core::v1::Service;

constexpr int kReplicasMax = 6;
constexpr int kNamespacesMax = 3;

void add_container(api::core::v1::PodSpec& spec, const std::string& image) {
  auto& c = spec.containers.emplace_back();
  c.name = "main";
  c.image = image;
}

}  // namespace

User::User(World& world, Server& server)
    : world_(world), api_(world, server, "user", {"admin", {"system:masters"}}) {}

std::string User::some_namespace() {
  const auto n = world_.random.below(kNamespacesMax + 1);
  return n == 0 ? "default" : fmt::format("team-{}", n);
}

template <typename T>
std::vector<std::shared_ptr<const T>> User::all(const std::string& ns) {
  const api::ResourcePtr resource = client::require_resource<T>(api_);
  client::ListOptions options;
  options.namespace_ = ns;
  std::vector<std::shared_ptr<const T>> out;
  const auto list = api_.list(*resource, options, {});
  if (!list.ok()) return out;
  for (const auto& object : list->items) out.push_back(object.template share<T>());
  return out;
}

template <typename T>
std::shared_ptr<const T> User::some(const std::string& ns) {
  const auto there = all<T>(ns);
  return there.empty() ? nullptr : there[world_.random.below(there.size())];
}

void User::act() {
  using Act = void (User::*)();
  static constexpr std::pair<Act, int> kActs[] = {
      {&User::make_deployment, 6}, {&User::change_deployment, 8},
      {&User::end_deployment, 2},  {&User::make_service, 4},
      {&User::end_service, 2},     {&User::make_pod, 4},
      {&User::end_pod, 5},         {&User::make_namespace, 4},
      {&User::end_namespace, 2},   {&User::make_replication_controller, 2},
      {&User::hold_config_map, 2}, {&User::end_replication_controller, 1},
      {&User::end_config_map, 2},  {&User::cordon, 2},
      {&User::end_node, 1}};
  int all = 0;
  for (const auto& [act, weight] : kActs) all += weight;
  int drawn = static_cast<int>(world_.random.below(static_cast<uint64_t>(all)));
  for (const auto& [act, weight] : kActs)
    if ((drawn -= weight) < 0) return (this->*act)();
}

void User::make_namespace() {
  Namespace ns;
  ns.metadata.name = some_namespace();
  (void)client::create(api_, std::move(ns), {});
}

void User::end_namespace() {
  const std::string ns = some_namespace();
  if (ns != "default") (void)client::remove<Namespace>(api_, "", ns, {}, {});
}

void User::make_deployment() {
  Deployment d;
  d.metadata.namespace_ = some_namespace();
  d.metadata.name = fmt::format("app-{}", ++next_);
  d.spec.replicas = static_cast<int32_t>(world_.random.below(kReplicasMax));
  d.spec.selector.ensure().matchLabels.set("app", d.metadata.name);
  d.spec.template_.metadata.labels.set("app", d.metadata.name);
  add_container(d.spec.template_.spec, "registry.example.com/app:1");
  (void)client::create(api_, std::move(d), {});
}

void User::change_deployment() {
  const auto found = some<Deployment>(some_namespace());
  if (!found) return;
  Deployment next = *found;
  switch (world_.random.below(3)) {
    case 0:
      next.spec.replicas = static_cast<int32_t>(world_.random.below(kReplicasMax));
      break;
    case 1:
      next.spec.template_.spec.containers[0].image =
          fmt::format("registry.example.com/app:{}", world_.random.below(4));
      break;
    default:
      next.spec.paused = !next.spec.paused;
  }
  (void)client::update(api_, std::move(next), {});
}

void User::end_deployment() {
  const auto found = some<Deployment>(some_namespace());
  if (!found) return;
  meta::v1::DeleteOptions options;
  static constexpr const char* kPolicies[] = {"Background", "Foreground"};
  options.propagationPolicy = kPolicies[world_.random.below(2)];
  (void)client::remove<Deployment>(api_, found->metadata.namespace_, found->metadata.name, options, {});
}

void User::make_service() {
  Service s;
  s.metadata.namespace_ = some_namespace();
  s.metadata.name = fmt::format("svc-{}", ++next_);
  s.spec.selector.set("app", fmt::format("app-{}", world_.random.below(static_cast<uint64_t>(next_) + 1)));
  s.spec.ports.emplace_back().port = 80;
  if (world_.chance(0.3)) s.spec.type = "NodePort";
  (void)client::create(api_, std::move(s), {});
}

void User::end_service() {
  const auto found = some<Service>(some_namespace());
  if (found && found->metadata.name != "kubernetes")
    (void)client::remove<Service>(api_, found->metadata.namespace_, found->metadata.name, {}, {});
}

void User::make_pod() {
  Pod pod;
  pod.metadata.namespace_ = some_namespace();
  pod.metadata.name = fmt::format("pod-{}", world_.random.below(8));  // names come again
  pod.spec.restartPolicy = world_.chance(0.5) ? "Never" : "Always";
  add_container(pod.spec, "registry.example.com/tool:1");
  (void)client::create(api_, std::move(pod), {});
}

void User::make_replication_controller() {
  ReplicationController rc;
  rc.metadata.namespace_ = some_namespace();
  rc.metadata.name = fmt::format("rc-{}", world_.random.below(4));
  rc.spec.replicas = static_cast<int32_t>(world_.random.below(kReplicasMax));
  rc.spec.selector.set("rc", rc.metadata.name);
  auto& pods = rc.spec.template_.ensure();
  pods.metadata.labels.set("rc", rc.metadata.name);
  add_container(pods.spec, "registry.example.com/old:1");
  (void)client::create(api_, std::move(rc), {});
}

void User::end_replication_controller() {
  const auto found = some<ReplicationController>(some_namespace());
  if (!found) return;
  meta::v1::DeleteOptions options;
  options.propagationPolicy = "Background";
  (void)client::remove<ReplicationController>(api_, found->metadata.namespace_, found->metadata.name, options,
                                              {});
}

/// An object that does not go before somebody lets it.
void User::hold_config_map() {
  ConfigMap map;
  map.metadata.namespace_ = some_namespace();
  map.metadata.name = fmt::format("held-{}", ++next_);
  map.metadata.finalizers = {"example.com/held"};
  (void)client::create(api_, std::move(map), {});
}

void User::end_config_map() {
  const auto found = some<ConfigMap>(some_namespace());
  if (!found || found->metadata.finalizers.empty()) return;
  ConfigMap next = *found;
  next.metadata.finalizers.clear();
  (void)client::update(api_, std::move(next), {});
  (void)client::remove<ConfigMap>(api_, found->metadata.namespace_, found->metadata.name, {}, {});
}

void User::cordon() {
  const auto found = some<Node>("");
  if (!found) return;
  Node next = *found;
  next.spec.unschedulable = !next.spec.unschedulable && world_.chance(0.3);
  (void)client::update(api_, std::move(next), {});
}

/// It comes back by itself: its kubelet registers it again.
void User::end_node() {
  if (const auto found = some<Node>("")) (void)client::remove<Node>(api_, "", found->metadata.name, {}, {});
}

void User::tidy_up() {
  // What cannot be taken back for so long is found by the checks.
  bool again = true;
  for (int tries = 0; again && tries < 100; ++tries, world_.fibers.pause(std::chrono::seconds(1))) {
    again = false;  // who was refused, for somebody else wrote meanwhile, tries again
    for (const auto& node : all<Node>()) {
      if (!node->spec.unschedulable) continue;
      Node next = *node;
      next.spec.unschedulable = false;
      again |= !client::update(api_, std::move(next), {}).ok();
    }
    for (const auto& map : all<ConfigMap>()) {
      if (map->metadata.finalizers.empty()) continue;
      ConfigMap next = *map;
      next.metadata.finalizers.clear();
      again |= !client::update(api_, std::move(next), {}).ok();
    }
  }
}

void User::end_pod() {
  const auto found = some<Pod>(some_namespace());
  if (!found) return;
  meta::v1::DeleteOptions options;
  if (world_.chance(0.3)) options.gracePeriodSeconds = 0;
  (void)client::remove<Pod>(api_, found->metadata.namespace_, found->metadata.name, options, {});
}

}  // namespace mizzen::sim
