#include "sim/machine/machine.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <map>

#include "api/schema/core/v1/pod.h"
#include "client/api/api_client.h"
#include "linux/files/file.h"

namespace mizzen::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// In memory where it can be: agents sync what they write for pods, and no loss of power is played here.
std::string make_folder() {
  for (std::string name : {"/dev/shm/mizzen-sim-XXXXXX", "/tmp/mizzen-sim-XXXXXX"})
    if (::mkdtemp(name.data())) return name;
  MZ_CHECK(false, "cannot make a folder in /dev/shm or /tmp");
  return {};
}

}  // namespace

Machine::Machine(World& world, int number)
    : world_(world),
      node_(fmt::format("node-{}", number)),
      folder_(make_folder()),
      executor_(world.clock, {.name = node_ + "-runtime", .threads_max = 2, .queue_max = 100'000}),
      timers_(executor_, world.clock),
      runtime_(world.clock, executor_) {
  runtime_.set_pod_network(fmt::format("10.200.{}.", number));
  runtime_.offer_all_images();
  runtime_.set_trouble(timers_, [this](const std::string& call) { return draw(call); });
  live();
}

Machine::~Machine() {
  timers_.stop();
  executor_.stop();
  (void)linux::remove_all(folder_);
}

cri::FakeRuntime::Trouble Machine::draw(const std::string&) {
  cri::FakeRuntime::Trouble out;
  if (!world_.faults.are_on()) return out;
  out.delay = world_.between(Duration::zero(), world_.chance(0.02) ? seconds(20) : milliseconds(50));
  out.refuse = world_.chance(0.01);
  out.lose = world_.chance(0.01);
  return out;
}

void Machine::live() {
  timers_.after(world_.between(seconds(5), seconds(60)), [this] {
    if (!world_.faults.are_on()) return;
    std::vector<std::string> running;
    for (const auto& c : runtime_.containers())
      if (c.state == cri::v1::ContainerState::CONTAINER_RUNNING) running.push_back(c.id);
    if (!running.empty()) {
      const std::string& id = running[world_.random.below(running.size())];
      runtime_.exit_container(id, world_.chance(0.5) ? 1 : 0);
      world_.trace.add(node_, "a container ends");
    }
    live();
  });
}

std::string what_runs_wrongly(client::ApiClient& api, Machine& machine) {
  using api::core::v1::Pod;
  client::ListOptions options;
  options.field_selector = "spec.nodeName=" + machine.node();
  const auto pods = client::require_resource<Pod>(api);
  const auto list = api.list(*pods, options, {});
  if (!list.ok()) return "cannot list pods: " + list.error().message();
  std::map<std::string, std::shared_ptr<const Pod>> wanted;  // by uid
  for (const auto& object : list->items) {
    auto pod = object.share<Pod>();
    wanted[pod->metadata.uid] = std::move(pod);
  }
  std::map<std::string, int> ready, running;
  for (const auto& s : machine.runtime().sandboxes()) {
    const std::string uid = s.labels.get(cri::kPodUidLabel);
    if (!wanted.contains(uid)) return fmt::format("{}: a sandbox of a pod that is gone", machine.node());
    if (s.state == cri::v1::PodSandboxState::SANDBOX_READY) ++ready[uid];
  }
  for (const auto& c : machine.runtime().containers()) {
    const std::string uid = c.labels.get(cri::kPodUidLabel);
    if (!wanted.contains(uid)) return fmt::format("{}: a container of a pod that is gone", machine.node());
    if (c.state == cri::v1::ContainerState::CONTAINER_RUNNING) ++running[uid];
  }
  for (const auto& [uid, pod] : wanted) {
    const auto& name = pod->metadata.name;
    const bool over = pod->status.phase == "Succeeded" || pod->status.phase == "Failed";
    const int count = static_cast<int>(pod->spec.containers.size());
    if (over && (ready[uid] > 0 || running[uid] > 0))
      return fmt::format("{}: pod {} is over, and runs", machine.node(), name);
    if (ready[uid] > 1) return fmt::format("{}: pod {} has {} sandboxes", machine.node(), name, ready[uid]);
    if (running[uid] > count)
      return fmt::format("{}: pod {} has {} containers running, of {}", machine.node(), name, running[uid],
                         count);
    if (!over && pod->status.phase == "Running" && running[uid] != count)
      return fmt::format("{}: pod {} is told to run, {} of {} containers do", machine.node(), name,
                         running[uid], count);
  }
  return "";
}

}  // namespace mizzen::sim
