#pragma once
#include <memory>
#include <string>

#include "async/timers.h"
#include "client/api/api_client.h"
#include "cri/testing/fake_runtime.h"
#include "sim/world/world.h"

namespace mizzen::sim {

/// Role: what of a node outlives its agent: the runtime with its sandboxes and containers, and a folder.
/// Place: one for each node with a real agent. While faults are on, calls to the runtime are late, refused or
/// carried out without an answer, and containers end by themselves. Threading: confined to the simulation's
/// thread. Lifecycle: the agent has ended before it goes; the folder goes with it.
class Machine {
 public:
  Machine(World& world, int number);
  ~Machine();
  Machine(const Machine&) = delete;

  cri::FakeRuntime& runtime() { return runtime_; }
  const std::string& folder() const { return folder_; }
  const std::string& node() const { return node_; }

 private:
  cri::FakeRuntime::Trouble draw(const std::string& call);
  /// Ends some container now and then.
  void live();

  World& world_;
  const std::string node_;
  const std::string folder_;
  ThreadPool executor_;
  Timers timers_;
  cri::FakeRuntime runtime_;
};

/// What runs on the machine and should not, or the other way round, by what the API says of its node's pods:
/// the first thing found; empty where all is as it should be.
std::string what_runs_wrongly(client::ApiClient& api, Machine& machine);

}  // namespace mizzen::sim
