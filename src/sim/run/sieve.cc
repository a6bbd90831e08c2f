#include "sim/run/sieve.h"

#include <fmt/format.h>

#include <memory>

#include "sim/check/converged.h"
#include "sim/check/state.h"
#include "sim/cluster/component.h"
#include "sim/user/script.h"

namespace mizzen::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kNodes = 2;
/// How long one step may take to come about: longer than a lost leader, a lost node and every back-off.
constexpr Duration kStepMax = minutes(25);
/// How long a step has to stay as it is before the next begins: longer than a view stays in the past.
constexpr Duration kStays = seconds(45);

/// Role: the cluster of one scripted run. Threading: confined to the simulation's thread.
class Scripted {
 public:
  explicit Scripted(World& world)
      : world_(world), storage_(memory_storage(world)), server_(world, *storage_) {
    world.log = &storage_->log();
    server_.start();
    components_.push_back(make_controllers(world, server_, 0));
    components_.push_back(make_scheduler(world, server_));
    for (int i = 0; i < kNodes; ++i) components_.push_back(make_node(world, server_, i));
    admin_ = std::make_unique<Client>(world, server_, "admin", auth::User{"admin", {"system:masters"}});
  }
  ~Scripted() {
    components_.clear();
    server_.crash();
  }

  std::string run(ScriptOutcome& out) {
    std::vector<Thread> keepers;
    for (const auto& component : components_)
      keepers.emplace_back("keeper", [&, c = component.get()] { keep(*c); });
    std::string failure = act();
    ended_ = true;
    for (Thread& keeper : keepers) keeper.join();
    if (failure.empty()) failure = world_.violation();
    if (failure.empty()) failure = storage_->log().fault();
    if (!failure.empty()) return failure;
    if (std::string left = what_is_left_over(*admin_); !left.empty()) return "is left over: " + left;
    auto state = state_of(*admin_);
    if (!state.ok()) return "the API does not answer: " + state.error().message();
    out.state = std::move(*state);
    // What a component forgot to end shows as one more than undisturbed.
    out.state.push_back(fmt::format("watches {}", world_.watches));
    return "";
  }

 private:
  void keep(Component& component) {
    while (!ended_) {
      while (!component.start() && !ended_) world_.fibers.pause(seconds(1));
      while (!ended_ && !world_.perturbation.crashes(component.name())) world_.fibers.pause(milliseconds(50));
      if (ended_) return;
      component.crash();
      world_.fibers.pause(milliseconds(500));
    }
  }

  std::string act() {
    if (std::string missing = settle(); !missing.empty()) return "before the first step: " + missing;
    for (const ScriptStep& step : script()) {
      world_.trace.add("people", step.name);
      for (const auto& action : step.actions) {
        if (const auto done = action(*admin_); !done.ok())
          return fmt::format("{}: {}", step.name, done.error().message());
        world_.fibers.pause(world_.between(milliseconds(0), milliseconds(300)));
      }
      if (std::string missing = settle(); !missing.empty())
        return fmt::format("{} does not come about: {}", step.name, missing);
    }
    return "";
  }

  /// Empty once all is there and has stayed.
  std::string settle() {
    const Monotonic start = world_.clock.monotonic();
    Monotonic well = start;
    for (;;) {
      const std::string missing = what_is_missing(*admin_);
      const Monotonic now = world_.clock.monotonic();
      if (!missing.empty()) well = now;
      if (now - well >= kStays) return "";
      if (now - start >= kStepMax) return missing;
      world_.fibers.pause(seconds(3));
    }
  }

  World& world_;
  std::unique_ptr<Storage> storage_;
  Server server_;
  std::vector<std::unique_ptr<Component>> components_;
  std::unique_ptr<Client> admin_;
  bool ended_ = false;
};

std::vector<Plan> all_plans(const ScriptOutcome& undisturbed) {
  std::vector<Plan> out;
  for (const auto& [who, n] : undisturbed.writes) {
    if (who == "admin") continue;
    for (uint64_t at = 1; at <= n; ++at)
      for (const auto kind : {Plan::Kind::Crash, Plan::Kind::Rewind}) out.push_back({kind, who, at});
  }
  for (const auto& [who, n] : undisturbed.events)
    for (uint64_t at = 1; at <= n; ++at) out.push_back({Plan::Kind::Skip, who, at});
  return out;
}

}  // namespace

ScriptOutcome run_script(uint64_t seed, const Plan& plan, bool print, Mutation mutation) {
  World world(seed);
  world.trace.print(print);
  world.faults.stop();
  world.mutation = mutation;
  world.perturbation.set(plan);
  ScriptOutcome out;
  world.fibers.run([&] {
    Scripted scripted(world);
    out.failure = scripted.run(out);
  });
  out.writes = world.perturbation.writes();
  out.events = world.perturbation.events();
  out.perturbed = world.perturbation.is_done();
  out.fingerprint = world.trace.fingerprint() ^ world.fibers.fingerprint();
  if (!out.failure.empty())
    for (const std::string& line : world.trace.lines()) out.trace += line + "\n";
  return out;
}

SieveOutcome run_sieve(const SieveOptions& options) {
  SieveOutcome out;
  const ScriptOutcome undisturbed = run_script(options.seed, {}, false);
  if (!undisturbed.failure.empty()) {
    out.failures.push_back("undisturbed: " + undisturbed.failure);
    return out;
  }
  const std::vector<Plan> plans = all_plans(undisturbed);
  for (uint64_t i = options.seed % options.every; i < plans.size(); i += options.every) {
    const ScriptOutcome run = run_script(options.seed, plans[i], false, options.mutation);
    ++out.plans;
    out.missed += !run.perturbed;
    const std::string wrong = run.failure.empty() ? difference(undisturbed.state, run.state) : run.failure;
    if (!wrong.empty()) out.failures.push_back(plans[i].text() + ": " + wrong);
  }
  return out;
}

}  // namespace mizzen::sim
