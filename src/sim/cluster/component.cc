#include "sim/cluster/component.h"

#include <fmt/format.h>

#include "api/builtin.h"
#include "async/executor.h"
#include "async/runtime.h"
#include "async/timers.h"
#include "client/leader/elector.h"
#include "client/leader/led_client.h"
#include "controllers/framework/environment.h"
#include "hollow/kubelet.h"
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
  ~Process() override {
    timers_.stop();
    executor_.stop();
  }
  Client& api() override { return api_; }

 protected:
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
        elector_(api_, runtime(),
                 {.lease = world.mutation == Mutation::TwoLeaders ? name : "kube-controller-manager",
                  .identity = name + world.identity()},
                 {[this] { lead(); }, [this] { follow(); }}),
        led_(api_, elector_) {}
  bool start() override {
    elector_.start();
    return true;
  }
  void stop() override {
    elector_.stop();
    timers_.stop();
    executor_.stop();
  }

 private:
  struct Work {
    explicit Work(controllers::Environment::Deps deps) : environment(deps) {
      controllers::ControllerOptions options;
      options.api = {"192.0.2.1", 6443, "10.96.0.1"};
      controllers = controllers::make_controllers(environment, "-----BEGIN CERTIFICATE-----", options);
    }
    controllers::Environment environment;
    std::vector<std::unique_ptr<controllers::Controller>> controllers;
  };

  void lead() {
    world_.trace.add(name_, "leads");
    while (elector_.leads()) {
      work_ = std::make_unique<Work>(controllers::Environment::Deps{led_, resources_, runtime()});
      if (work_->environment.start(to_begin())) break;
      end_work();
      world_.fibers.pause(std::chrono::seconds(1));
    }
    if (!work_) return;
    for (const auto& controller : work_->controllers) controller->start();
  }
  void end_work() {
    if (!work_) return;
    for (auto it = work_->controllers.rbegin(); it != work_->controllers.rend(); ++it) (*it)->stop();
    work_->environment.stop();
    work_.reset();
  }
  void follow() {
    world_.trace.add(name_, "leads no more");
    end_work();
  }

  const std::string name_;
  api::ResourceCatalog resources_;
  client::Elector elector_;
  client::LedClient led_;
  std::unique_ptr<Work> work_;
};

class Scheduling final : public Process {
 public:
  Scheduling(World& world, Server& server)
      : Process(world, server, "scheduler", {"system:kube-scheduler", {}}), scheduler_({api_, runtime()}) {}
  bool start() override { return scheduler_.start(to_begin()).ok(); }
  void stop() override {
    scheduler_.stop();
    timers_.stop();
    executor_.stop();
  }

 private:
  scheduler::Scheduler scheduler_;
};

class Node final : public Process {
 public:
  Node(World& world, Server& server, const std::string& name, int number)
      : Process(world, server, name, {"system:node:" + name, {"system:nodes"}}),
        kubelet_({api_, runtime()},
                 {.shape = {.name = name, .address = fmt::format("192.0.2.{}", 100 + number)},
                  .pod_network = fmt::format("10.200.{}", number)}) {}
  bool start() override {
    kubelet_.start();
    return true;
  }
  void stop() override {
    kubelet_.stop();
    timers_.stop();
    executor_.stop();
  }

 private:
  hollow::Kubelet kubelet_;
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
    return std::make_unique<Node>(world, server, name, number);
  });
}

}  // namespace mizzen::sim
