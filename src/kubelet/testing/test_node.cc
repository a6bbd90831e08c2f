#include "kubelet/testing/test_node.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "codec/json/json_codec.h"

namespace mizzen::kubelet::testing {
namespace {
constexpr int kRoundsMax = 1000;
constexpr int kRoundUs = 2000;
}  // namespace

void RecordedEvents::pod_event(const Pod&, const std::string& container, bool, std::string_view reason,
                               const std::string& message) {
  events_.with([&](auto& e) {
    e.push_back(std::string(reason) + (container.empty() ? "" : "/" + container) + ": " + message);
  });
}
void RecordedEvents::node_event(bool, std::string_view reason, const std::string&) {
  events_.with([&](auto& e) { e.push_back("node " + std::string(reason)); });
}
std::vector<std::string> RecordedEvents::all() const {
  return events_.with([](const auto& e) { return e; });
}

void FakeHttp::get(const std::string&, const std::vector<std::pair<std::string, std::string>>&, Deadline,
                   const StopToken&, Done done) {
  done(Answer{status.load(), "body", ""});
}
void FakeHttp::connect(const std::string&, int, Deadline, const StopToken&,
                       std::function<void(Result<void>)> done) {
  done({});
}

TestNode::Agent::Agent(TestNode& node, const TestNodeOptions& options)
    : alarms(node.clock, nullptr),
      objects({node.api,
               {real_clock(), secure_random(), pool, timers},
               [this](const std::string& uid) { workers.refresh(uid); }},
              {node.api, pool, alarms, node.clock, secure_random(),
               [this](const std::string& uid) { workers.refresh(uid); }}),
      handlers({node.runtime, node.http, alarms, pool, node.clock}),
      pull_records(node.scratch.at("image_manager"), node.clock),
      puller({node.runtime, node.events, alarms, pull_records, pool, node.clock}),
      volumes(node.scratch.at("pods"), node.clock, secure_random()),
      cache({node.runtime, node.clock, [this](const std::string& uid) { workers.kick(uid); },
             [this] { workers.kick_all(); }}),
      probes({handlers, node.events, node.clock, [this](const std::string& uid) { workers.kick(uid); },
              options.early_looks}),
      statuses({node.api, pool, node.clock}),
      world{.runtime = node.runtime,
            .cache = cache,
            .puller = puller,
            .handlers = handlers,
            .probes = probes,
            .statuses = statuses,
            .events = node.events,
            .volumes = volumes,
            .objects = objects,
            .cgroups = nullptr,
            .executor = pool,
            .disk = disk,
            .alarms = alarms,
            .clock = node.clock,
            .random = secure_random(),
            .services = [](const std::string&) { return Result<Services>(Services()); },
            .host_ips = [] { return std::vector<std::string>{"192.0.2.1"}; },
            .allocatable = [] { return mizzen::volumes::Allocatable(); },
            .node = [&node] { return node.node.with([](const auto& n) { return n; }); },
            .network_problem = [&node] { return node.network_problem.with([](const auto& p) { return p; }); },
            .abilities = [&node] { return node.abilities.with([](const auto& a) { return a; }); },
            .update_groups = {},
            .sources_ready = [&node] { return node.sources_ready.load(); },
            .runtime_ready = [] { return true; },
            .options = {.logs_folder = node.scratch.at("logs"),
                        .dns = {.servers = options.dns_servers},
                        .pods_max = options.pods_max}},
      workers(world) {
  cache.relist();
}

TestNode::Agent::~Agent() {
  disk.release();
  // As the kubelet's loop does: what was stopped is told through the alarms too.
  std::atomic<bool> ended = false;
  Thread loop("loop", [&] {
    while (!ended) {
      alarms.tick();
      ::usleep(kRoundUs);
    }
  });
  objects.stop();
  probes.stop();
  workers.stop();
  handlers.stop();
  puller.stop();
  ended = true;
  loop.join();
  timers.stop();
  cache.stop();
  pool.stop();
}

bool HeldExecutor::post(std::function<void()> f) {
  {
    Lock lock(m_);
    if (held_) {
      waiting_.push_back(std::move(f));
      return true;
    }
  }
  return executor_.post(std::move(f));
}

void HeldExecutor::hold() {
  Lock lock(m_);
  held_ = true;
}

void HeldExecutor::release() {
  std::vector<std::function<void()>> all;
  {
    Lock lock(m_);
    held_ = false;
    all.swap(waiting_);
  }
  for (auto& f : all) (void)executor_.post(std::move(f));
}

size_t HeldExecutor::waiting() const {
  Lock lock(m_);
  return waiting_.size();
}

void TestNode::Agent::drive(bool lists) {
  alarms.tick();
  probes.tick();
  statuses.tick();
  if (lists) cache.relist();
}

TestNode::TestNode(TestNodeOptions options)
    : options_(std::move(options)), agent_(std::make_unique<Agent>(*this, options_)) {}

TestNode::~TestNode() {
  agent_.reset();
  runtime_pool.stop();
}

void TestNode::restart(bool told) {
  agent_.reset();
  agent_ = std::make_unique<Agent>(*this, options_);
  if (!told) return;
  const auto pods = client::require_resource<Pod>(api);
  const auto all = api.list(*pods, {}, {});
  ASSERT_TRUE(all.ok());
  for (const auto& object : all->items) workers().upsert(object.share<Pod>());
}

std::shared_ptr<const Pod> TestNode::add(const std::string& json) {
  auto pod = codec::from_json<Pod>(json);
  EXPECT_TRUE(pod.ok()) << pod.error().message();
  pod->metadata.namespace_ = "default";
  if (pod->spec.restartPolicy.empty()) pod->spec.restartPolicy = "Always";
  if (pod->status.phase.empty()) pod->status.phase = "Pending";
  auto made = client::create<Pod>(api, std::move(*pod), {});
  EXPECT_TRUE(made.ok());
  workers().upsert(*made);
  return *made;
}

void TestNode::tell(const std::string& name) { workers().upsert(std::make_shared<const Pod>(stored(name))); }

void TestNode::remove(const std::string& name, int64_t grace_s) {
  Pod ending = stored(name);
  ending.metadata.deletionTimestamp = codec::Time::from(clock.wall());
  ending.metadata.deletionGracePeriodSeconds = grace_s;
  ending.metadata.resourceVersion.clear();
  const auto updated = client::update<Pod>(api, ending, {});
  ASSERT_TRUE(updated.ok()) << updated.error().message();
  workers().upsert(*updated);
}

Pod TestNode::stored(const std::string& name) {
  auto pod = client::get<Pod>(api, "default", name, {});
  return pod.ok() ? **pod : Pod();
}

bool TestNode::eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < kRoundsMax; ++i) {
    if (condition()) return true;
    agent_->drive(lists);
    ::usleep(kRoundUs);
  }
  return condition();
}

bool TestNode::reaches(const std::string& name, const std::string& phase) {
  return eventually([&] { return phase_of(name) == phase; });
}

void TestNode::settle(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    agent_->drive(lists);
    ::usleep(kRoundUs);
  }
}

}  // namespace mizzen::kubelet::testing
