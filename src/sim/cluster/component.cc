#include "sim/cluster/component.h"

#include <fmt/format.h>

#include "api/builtin.h"
#include "async/executor.h"
#include "async/runtime.h"
#include "async/timers.h"
#include "client/leader/led.h"
#include "controllers/framework/environment.h"
#include "hollow/fleet.h"
#include "kubelet/kubelet.h"
#include "scheduler/run/scheduler.h"

namespace mizzen::sim {

bool Component::start() {
  auto life = make();
  if (!life->start()) {
    life->api().kill();
    life->stop();
    return false;
  }
  world_.trace.add(name_, "is up");
  life_ = std::move(life);
  return true;
}

void Component::crash() {
  const auto life = std::exchange(life_, nullptr);
  if (!life) return;
  world_.trace.add(name_, "crashes");
  life->api().kill();
  life->stop();
}

namespace {

/// Threads, timers and a client: what every process has.
class Process : public Component::Life {
 public:
  Process(World& world, Server& server, const std::string& name, auth::User user)
      : world_(world),
        api_(world, server, name, std::move(user)),
        executor_(world.clock, {.name = name, .threads_max = 8, .queue_max = 100'000}),
        timers_(executor_, world.clock) {}
  Client& api() override { return api_; }
  void stop() final {
    end();
    timers_.stop();
    executor_.stop();
  }

 protected:
  /// Ends what runs on the threads.
  virtual void end() = 0;
  Runtime runtime() { return {world_.clock, world_.ids, executor_, timers_}; }
  /// How long a life may take to begin.
  Deadline to_begin() const { return Deadline::after(std::chrono::minutes(2), world_.clock); }

  World& world_;
  Client api_;
  ThreadPool executor_;
  Timers timers_;
};

/// Controllers of one of several managers: they run while it leads.
class Controllers final : public Process {
 public:
  Controllers(World& world, Server& server, const std::string& name)
      : Process(world, server, name, {"system:kube-controller-manager", {}}),
        name_(name),
        resources_(api::builtin()),
        led_(api_, runtime(), election(),
             {[this](client::ApiClient& api, Deadline deadline) { return begin_work(api, deadline); },
              [this] { end_work(); }}) {}
  bool start() override { return led_.start(to_begin()).ok(); }

 private:
  void end() override { led_.stop(); }
  client::Elector::Options election() {
    client::Elector::Options out;
    out.lease = world_.mutation == Mutation::TwoLeaders ? name_ : "kube-controller-manager";
    out.identity = name_ + world_.identity();
    return out;
  }
  Result<void> begin_work(client::ApiClient& api, Deadline deadline) {
    world_.trace.add(name_, "leads");
    environment_ = std::make_unique<controllers::Environment>(
        controllers::Environment::Deps{api, resources_, runtime()});
    controllers::ControllerOptions options;
    options.api = {"192.0.2.1", 6443, "10.96.0.1"};
    controllers_ = controllers::make_controllers(*environment_, {"-----BEGIN CERTIFICATE-----"}, options);
    if (!environment_->start(deadline)) return Error(Code::Timeout, "the cluster was not seen in time");
    for (const auto& controller : controllers_) controller->start();
    return {};
  }
  void end_work() {
    world_.trace.add(name_, "leads no more");
    for (auto it = controllers_.rbegin(); it != controllers_.rend(); ++it) (*it)->stop();
    if (environment_) environment_->stop();
    controllers_.clear();
    environment_.reset();
  }

  const std::string name_;
  api::ResourceCatalog resources_;
  std::unique_ptr<controllers::Environment> environment_;
  std::vector<std::unique_ptr<controllers::Controller>> controllers_;
  client::Led led_;
};

class Scheduling final : public Process {
 public:
  Scheduling(World& world, Server& server)
      : Process(world, server, "scheduler", {"system:kube-scheduler", {}}), scheduler_({api_, runtime()}) {}
  bool start() override { return scheduler_.start(to_begin()).ok(); }

 private:
  void end() override { scheduler_.stop(); }

  scheduler::Scheduler scheduler_;
};

/// A node: a fleet of one.
class Node final : public Process {
 public:
  Node(World& world, Server& server, const std::string& name, uint32_t number)
      : Process(world, server, name, {"system:node:" + name, {"system:nodes"}}),
        fleet_({api_, runtime()}, {.name = "node-",
                                   .first = number,
                                   .node_network = *Ipv4Range::parse("192.0.2.0/24"),
                                   .pod_network = *Ipv4Range::parse("10.200.0.0/16")}) {}
  bool start() override {
    fleet_.start();
    return true;
  }

 private:
  void end() override { fleet_.stop(); }

  hollow::Fleet fleet_;
};

/// A node's agent, as the program has it, on a machine that outlives it.
class Agent final : public Process {
 public:
  Agent(World& world, Server& server, Machine& machine, int number)
      : Process(world, server, machine.node(), {"system:node:" + machine.node(), {"system:nodes"}}),
        kubelet_({api_, machine.runtime(), nullptr, world.clock, world.ids}, options(machine, number)) {}
  bool start() override { return kubelet_.start().ok(); }

 private:
  void end() override { kubelet_.stop(); }
  static kubelet::KubeletOptions options(const Machine& machine, int number) {
    kubelet::KubeletOptions out;
    out.node_name = out.hostname = machine.node();
    out.data_folder = machine.folder();
    out.addresses = {fmt::format("192.0.2.{}", number + 1)};
    out.port = -1;
    out.dns.servers = {"10.96.0.10"};
    out.manage_cgroups = out.watches_machine = out.shares_mounts = out.memory_volumes = false;
    linux::SystemInfo& m = out.machine.emplace();
    m.hostname = machine.node();
    m.architecture = "amd64";
    m.boot_id = "boot";
    m.memory_bytes = 16ull << 30;
    m.cpus = 8;
    return out;
  }

  kubelet::Kubelet kubelet_;
};

/// A component whose lives are made by a function.
class Made final : public Component {
 public:
  using Make = std::function<std::unique_ptr<Life>()>;
  Made(World& world, std::string name, Make make)
      : Component(world, std::move(name)), make_(std::move(make)) {}
  ~Made() override { crash(); }

 private:
  std::unique_ptr<Life> make() override { return make_(); }
  const Make make_;
};

}  // namespace

std::unique_ptr<Component> make_controllers(World& world, Server& server, int number) {
  const std::string name = fmt::format("controllers-{}", number);
  return std::make_unique<Made>(
      world, name, [&world, &server, name] { return std::make_unique<Controllers>(world, server, name); });
}

std::unique_ptr<Component> make_scheduler(World& world, Server& server) {
  return std::make_unique<Made>(world, "scheduler",
                                [&] { return std::make_unique<Scheduling>(world, server); });
}

std::unique_ptr<Component> make_node(World& world, Server& server, int number) {
  const std::string name = fmt::format("node-{}", number);
  return std::make_unique<Made>(world, name, [&world, &server, name, number] {
    return std::make_unique<Node>(world, server, name, static_cast<uint32_t>(number));
  });
}

std::unique_ptr<Component> make_agent(World& world, Server& server, Machine& machine, int number) {
  return std::make_unique<Made>(world, machine.node(), [&world, &server, &machine, number] {
    return std::make_unique<Agent>(world, server, machine, number);
  });
}

}  // namespace mizzen::sim
