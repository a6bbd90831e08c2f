#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/testing/fake_api.h"
#include "cri/testing/fake_runtime.h"
#include "kubelet/work/pod_workers.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet::testing {

/// Events as texts: `Reason/container: message`, `node Reason`.
class RecordedEvents final : public Events {
 public:
  void pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                 const std::string& message) override;
  void node_event(bool warning, std::string_view reason, const std::string& message) override;
  std::vector<std::string> all() const;

 private:
  Guarded<std::vector<std::string>> events_;
};

/// Answers every GET with one status, and takes every connection. Held, it answers nobody.
class FakeHttp final : public HttpGetter {
 public:
  void get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
           Deadline deadline, const StopToken& stop, Done done) override;
  void connect(const std::string& host, int port, Deadline deadline, const StopToken& stop,
               std::function<void(Result<void>)> done) override;
  std::atomic<int> status = 200;
};

/// A disk that hangs while it is held: what it was given waits.
class HeldExecutor final : public Executor {
 public:
  explicit HeldExecutor(Executor& executor) : executor_(executor) {}
  bool post(std::function<void()> f) override;
  void hold();
  void release();
  size_t waiting() const;

 private:
  Executor& executor_;
  mutable Mutex m_;
  bool held_ MZ_GUARDED_BY(m_) = false;
  std::vector<std::function<void()>> waiting_ MZ_GUARDED_BY(m_);
};

/// How a TestNode differs from the usual.
struct TestNodeOptions {
  size_t pods_max = 110;
  std::vector<std::string> dns_servers = {"10.96.0.10"};
  bool early_looks = true;  ///< of probes
};

/// Role: the pods' part of a node against a runtime and an API in memory, under a clock that the test moves;
/// `restart()` is what the death of the agent and its start do. Threading: one test thread drives it.
class TestNode {
 public:
  explicit TestNode(TestNodeOptions options = {});
  ~TestNode();

  /// A pod bound to this node, stored in the API and told to the workers.
  std::shared_ptr<const Pod> add(const std::string& json);
  /// As its source tells it after a change in the API.
  void tell(const std::string& name);
  /// Asks for its deletion, as the API does: with a time and a grace period.
  void remove(const std::string& name, int64_t grace_s);
  Pod stored(const std::string& name);
  std::string uid_of(const std::string& name) { return stored(name).metadata.uid; }
  std::string phase_of(const std::string& name) { return stored(name).status.phase; }
  /// Drives the node until the condition holds, for two seconds of real time at most.
  bool eventually(const std::function<bool()>& condition);
  bool reaches(const std::string& name, const std::string& phase);
  /// Drives it for a while, in which what must not happen has the time to.
  void settle(int rounds = 20);
  /// The agent dies and starts again: what it knew is gone, API and runtime stay. `told`: its source tells it
  /// of all pods.
  void restart(bool told = true);

  linux::ScratchFolder scratch;
  ManualClock clock;
  ThreadPool runtime_pool{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime{clock, runtime_pool};
  client::testing::FakeApi api;
  RecordedEvents events;
  FakeHttp http;
  std::atomic<bool> sources_ready = true;
  bool lists = true;  ///< whether drive() lists what the runtime has
  Guarded<std::string> network_problem;
  Guarded<NodeAbilities> abilities;
  Guarded<std::shared_ptr<const api::core::v1::Node>> node;  ///< as the API has it

  /// When somebody asked to be woken next; runs what is due.
  Monotonic next_alarm() { return agent_->alarms.tick(); }
  PodWorkers& workers() { return agent_->workers; }
  RuntimeCache& cache() { return agent_->cache; }
  StatusManager& statuses() { return agent_->statuses; }
  ImagePuller& puller() { return agent_->puller; }
  HeldExecutor& disk() { return agent_->disk; }
  volumes::Volumes& volumes() { return agent_->volumes; }

 private:
  struct Agent {
    Agent(TestNode& node, const TestNodeOptions& options);
    ~Agent();
    void drive(bool lists);
    ThreadPool pool{real_clock(), {.name = "agent", .threads_max = 4}};
    HeldExecutor disk{pool};
    Alarms alarms;
    Timers timers{pool, real_clock()};
    PodObjects objects;
    HandlerRunner handlers;
    PullRecords pull_records;
    ImagePuller puller;
    mizzen::volumes::Volumes volumes;
    RuntimeCache cache;
    ProbeManager probes;
    StatusManager statuses;
    NodeWorld world;
    PodWorkers workers;
  };
  const TestNodeOptions options_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace mizzen::kubelet::testing
