#include "sim/run/scenario.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "sim/check/converged.h"
#include "sim/check/log.h"
#include "sim/cluster/component.h"
#include "sim/user/user.h"

namespace mizzen {}
namespace mizzen::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// How long everything may take to come about once nothing goes wrong any more: longer than any back-off that
/// the trouble may have left, and than lost nodes take to be given up.
constexpr Duration kSettleMax = minutes(25);
/// Processes with controllers, of which one leads.
constexpr int kManagers = 2;
/// Who saw the cluster in the past when the trouble ended still does so for a while, and may take a node for
/// dead by it: nothing is judged before.
constexpr Duration kViewsCatchUp = seconds(90);
/// How long it then has to stay so.
constexpr Duration kStays = minutes(2);

/// Role: the parts of one simulated cluster, and their ends. Threading: confined to the simulation's thread.
class Cluster {
 public:
  Cluster(World& world, const ScenarioOptions& options)
      : world_(world),
        options_(options),
        storage_(options.embedded ? embedded_storage(world) : memory_storage(world)),
        server_(world, *storage_) {
    world.log = &storage_->log();
    server_.start();
    for (int i = 0; i < kManagers; ++i) components_.push_back(make_controllers(world, server_, i));
    components_.push_back(make_scheduler(world, server_));
    for (int i = 0; i < options.nodes; ++i) {
      if (!options.agents) {
        components_.push_back(make_node(world, server_, i));
        continue;
      }
      machines_.push_back(std::make_unique<Machine>(world, i));
      components_.push_back(make_agent(world, server_, *machines_.back(), i));
    }
    admin_ = std::make_unique<Client>(world, server_, "checker", auth::User{"admin", {"system:masters"}});
  }
  ~Cluster() {
    components_.clear();
    server_.crash();
  }

  void live_through_trouble() {
    const Monotonic end = world_.clock.monotonic() + options_.trouble;
    Thread users("users", [&] {
      User user(world_, server_);
      while (world_.clock.monotonic() < end) {
        world_.fibers.pause(world_.between(milliseconds(50), seconds(6)));
        user.act();
      }
    });
    std::vector<Thread> keepers;
    for (const auto& component : components_)
      keepers.emplace_back("keeper", [&, c = component.get()] { keep(*c, end); });
    keep_server(end);
    for (Thread& keeper : keepers) keeper.join();
    users.join();
    world_.faults.stop();
    world_.trace.add("world", "the trouble is over");
    User(world_, server_).tidy_up();
  }

  /// Empty where all comes about and stays.
  std::string settle(double& settled_after) {
    const Monotonic start = world_.clock.monotonic();
    std::string missing;
    if (options_.faults) world_.fibers.pause(kViewsCatchUp);
    do {
      world_.fibers.pause(seconds(5));
      missing = what_is_missing(*admin_);
      if (world_.clock.monotonic() - start > kSettleMax) return "does not come about: " + missing;
    } while (!missing.empty());
    settled_after = std::chrono::duration<double>(world_.clock.monotonic() - start).count();
    world_.trace.add("world", "all is well");
    const Monotonic settled = world_.clock.monotonic();
    while (world_.clock.monotonic() - settled < kStays) {
      world_.fibers.pause(seconds(7));
      missing = what_is_missing(*admin_);
      if (!missing.empty()) return "does not stay: " + missing;
    }
    if (std::string left = what_is_left_over(*admin_); !left.empty()) return "is left over: " + left;
    for (const auto& machine : machines_)
      if (std::string wrong = what_runs_wrongly(*admin_, *machine); !wrong.empty())
        return "does not run as told: " + wrong;
    return "";
  }
  /// Watches that are open after every component has ended, and threads but this one; empty where there are
  /// none.
  std::string end() {
    components_.clear();
    admin_.reset();
    if (world_.watches != 0) return fmt::format("{} watches are open after all have ended", world_.watches);
    server_.crash();
    storage_.reset();
    machines_.clear();
    if (world_.fibers.alive() != 1)
      return fmt::format("{} threads run after all have ended", world_.fibers.alive() - 1);
    return "";
  }
  /// What was against the API's promises on the way.
  std::string violation() const {
    return storage_->log().fault().empty() ? world_.violation() : storage_->log().fault();
  }

  uint64_t writes() const { return storage_->log().changes().size(); }

 private:
  /// Starts a component, and again after each crash.
  void keep(Component& component, Monotonic end) {
    for (;;) {
      while (!component.start() && violation().empty()) world_.fibers.pause(seconds(1));
      const Monotonic crash =
          world_.clock.monotonic() + world_.between(seconds(5), options_.faults ? minutes(3) : minutes(600));
      if (crash >= end) return;
      world_.fibers.pause(crash - world_.clock.monotonic());
      component.crash();
      // Now and then long enough for others to give it up.
      world_.fibers.pause(world_.between(milliseconds(10), world_.chance(0.15) ? minutes(9) : seconds(20)));
    }
  }
  void keep_server(Monotonic end) {
    for (;;) {
      // What only a loss of power shows needs many.
      const Monotonic crash =
          world_.clock.monotonic() + (options_.embedded ? world_.between(seconds(5), minutes(1))
                                                        : world_.between(seconds(20), minutes(3)));
      if (!options_.faults || crash >= end) break;
      world_.fibers.pause(crash - world_.clock.monotonic());
      // Its process alone, or power goes in the middle of something.
      if (world_.chance(0.6) && storage_->break_soon())
        for (int i = 0; i < 500 && !storage_->is_broken(); ++i) world_.fibers.pause(milliseconds(10));
      server_.crash();
      world_.fibers.pause(world_.between(milliseconds(10), seconds(15)));
      while (!server_.start() && violation().empty()) world_.fibers.pause(seconds(1));
    }
    if (world_.clock.monotonic() < end) world_.fibers.pause(end - world_.clock.monotonic());
  }

  World& world_;
  const ScenarioOptions options_;
  std::unique_ptr<Storage> storage_;
  Server server_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Component>> components_;
  std::unique_ptr<Client> admin_;
};

}  // namespace

ScenarioOutcome run_scenario(uint64_t seed, const ScenarioOptions& options) {
  World world(seed);
  world.trace.print(options.print);
  world.mutation = options.mutation;
  if (!options.faults) world.faults.stop();
  ScenarioOutcome out;
  const Monotonic start = world.clock.monotonic();
  world.fibers.run([&] {
    Cluster cluster(world, options);
    cluster.live_through_trouble();
    // With a fault put in the end is found at once, or not at all.
    out.failure = cluster.violation();
    if (out.failure.empty()) out.failure = cluster.settle(out.settled_after);
    if (const std::string found = cluster.violation(); out.failure.empty()) out.failure = found;
    out.writes = cluster.writes();
    if (const std::string left = cluster.end(); out.failure.empty()) out.failure = left;
  });
  out.virtual_seconds = std::chrono::duration<double>(world.clock.monotonic() - start).count();
  out.turns = world.fibers.turns();
  out.fingerprint = world.trace.fingerprint() ^ world.fibers.fingerprint();
  if (!out.failure.empty())
    for (const std::string& line : world.trace.lines()) out.trace += line + "\n";
  return out;
}

}  // namespace mizzen::sim
