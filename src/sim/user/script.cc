#include "sim/user/script.h"

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/schema/core/v1/service.h"

namespace mizzen::sim {
namespace {

using api::apps::v1::Deployment;
using api::core::v1::Namespace;
using api::core::v1::Node;
using api::core::v1::Pod;
using api::core::v1::ReplicationController;
using api::core::v1::Service;
using client::ApiClient;
using Action = std::function<Result<void>(ApiClient&)>;

void add_container(api::core::v1::PodSpec& spec) {
  auto& c = spec.containers.emplace_back();
  c.name = "main";
  c.image = "registry.example.com/app:1";
}

template <typename T>
Action make(T object) {
  return [object](ApiClient& api) -> Result<void> {
    if (auto made = client::create(api, object, {}); !made.ok()) return made.error();
    return {};
  };
}
template <typename T>
Action remove(const char* ns, const char* name, const char* policy = "Background") {
  return [=](ApiClient& api) -> Result<void> {
    meta::v1::DeleteOptions options;
    options.propagationPolicy = policy;
    if (auto gone = client::remove<T>(api, ns, name, options, {}); !gone.ok()) return gone.error();
    return {};
  };
}
/// Again where somebody else wrote meanwhile.
template <typename T>
Action change(const char* ns, const char* name, std::function<void(T&)> how) {
  return [=](ApiClient& api) -> Result<void> {
    for (;;) {
      const auto found = client::get<T>(api, ns, name, {});
      if (!found.ok()) return found.error();
      T next = **found;
      how(next);
      const auto done = client::update(api, std::move(next), {});
      if (done.ok()) return {};
      if (done.error().code() != Code::Conflict) return done.error();
    }
  };
}

Namespace space(const char* name) {
  Namespace out;
  out.metadata.name = name;
  return out;
}
Deployment deployment(const char* ns, const char* name, int32_t replicas) {
  Deployment out;
  out.metadata.namespace_ = ns;
  out.metadata.name = name;
  out.spec.replicas = replicas;
  out.spec.selector.ensure().matchLabels.set("app", name);
  out.spec.template_.metadata.labels.set("app", name);
  add_container(out.spec.template_.spec);
  return out;
}
ReplicationController controller(const char* name, int32_t replicas) {
  ReplicationController out;
  out.metadata.namespace_ = "default";
  out.metadata.name = name;
  out.spec.replicas = replicas;
  out.spec.selector.set("rc", name);
  auto& pods = out.spec.template_.ensure();
  pods.metadata.labels.set("rc", name);
  add_container(pods.spec);
  return out;
}
Service service(const char* ns, const char* name, const char* type) {
  Service out;
  out.metadata.namespace_ = ns;
  out.metadata.name = name;
  out.spec.type = type;
  out.spec.selector.set("app", name);
  out.spec.ports.emplace_back().port = 80;
  return out;
}
Pod pod(const char* name) {
  Pod out;
  out.metadata.namespace_ = "default";
  out.metadata.name = name;
  add_container(out.spec);
  return out;
}

}  // namespace

std::vector<ScriptStep> script() {
  const auto image = [](Deployment& d) {
    d.spec.template_.spec.containers[0].image = "registry.example.com/app:2";
  };
  const auto scale = [](int32_t n) { return [n](auto& d) { d.spec.replicas = n; }; };
  return {
      {"things come",
       {make(space("team-1")), make(space("team-2")), make(service("team-1", "web", "ClusterIP")),
        make(deployment("team-1", "web", 2)), make(deployment("team-2", "gone", 1)),
        make(deployment("default", "db", 2)), make(controller("old", 2)), make(pod("tool"))}},
      {"things change",
       {change<Deployment>("team-1", "web", image), change<Deployment>("default", "db", scale(1)),
        change<ReplicationController>("default", "old", scale(3)), make(service("default", "db", "NodePort")),
        remove<Pod>("default", "tool"), make(pod("tool-2"))}},
      {"things go",
       {remove<Deployment>("default", "db", "Foreground"), remove<ReplicationController>("default", "old"),
        remove<Namespace>("", "team-2"), remove<Service>("default", "db"),
        change<Deployment>("team-1", "web", scale(3))}},
      {"a node goes and comes back", {remove<Node>("", "node-1")}},
  };
}

}  // namespace mizzen::sim
