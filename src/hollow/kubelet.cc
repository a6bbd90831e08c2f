#include "hollow/kubelet.h"

#include <fmt/format.h>

#include <set>

#include "client/node/conditions.h"

namespace mizzen::hollow {
namespace {

using client::Outcome;

/// The key under which the node's own report waits in the queue; no pod has it.
constexpr const char* kNodeKey = "";
constexpr Duration kReportAtLeastEvery = std::chrono::minutes(5);
constexpr size_t kWorkers = 4;

client::Informer::Options pods_of(const std::string& node) {
  client::Informer::Options out;
  out.scope.field_selector = "spec.nodeName=" + node;
  return out;
}

bool is_gone(const Error& error) { return error.code() == Code::NotFound; }

}  // namespace

Kubelet::Kubelet(Deps deps, Options options)
    : deps_(deps),
      options_(std::move(options)),
      pods_(*client::require_resource<Pod>(deps.api), {deps.api, deps.runtime}, pods_of(options_.shape.name)),
      queue_({.name = "hollow-" + options_.shape.name, .workers_max = kWorkers}, deps.runtime,
             [this](const std::string& key) { return handle(key); }),
      lease_(options_.shape.name) {
  const auto look = [this](const client::Object& pod) { queue_.add(client::key_of(pod)); };
  pods_.add_handler({look, [look](const client::Object&, const client::Object& now) { look(now); }, look});
}

void Kubelet::start() {
  started_ = true;
  queue_.start();
  queue_.add(kNodeKey);
  pods_.start();
}

void Kubelet::stop() {
  if (!std::exchange(started_, false)) return;
  pods_.stop();
  queue_.stop();
}

Outcome Kubelet::handle(const std::string& key) { return key == kNodeKey ? beat() : look_after(key); }

Outcome Kubelet::beat() {
  const NodeShape& shape = options_.shape;
  const WallTime wall = deps_.runtime.clock.wall();
  auto node = client::get<Node>(deps_.api, "", shape.name, {});
  if (!node.ok() && is_gone(node.error())) {
    node = client::create<Node>(deps_.api, reported(registered({}, shape), shape, wall), {});
    reported_.reset();
  }
  if (!node.ok()) return Outcome::retry();
  const bool due = !reported_ || deps_.runtime.clock.monotonic() - *reported_ >= kReportAtLeastEvery;
  const bool ready = client::says((*node)->status.conditions, "Ready");
  if (due || !ready) {
    if (!client::update_status(deps_.api, reported(**node, shape, wall), {}).ok()) return Outcome::retry();
    reported_ = deps_.runtime.clock.monotonic();
  }
  const auto renewed = lease_.renew(deps_.api, (*node)->metadata.uid, wall);
  return renewed.ok() ? Outcome::later(client::kNodeLeaseRenewed) : Outcome::retry();
}

Duration Kubelet::some_time() {
  const Duration span = options_.stage_max - options_.stage_min;
  return options_.stage_min +
         Duration(static_cast<int64_t>(deps_.runtime.random.unit() * static_cast<double>(span.count())));
}

Kubelet::Life& Kubelet::life_of(const Pod& pod) {
  const auto found = lives_.find(pod.metadata.uid);
  if (found != lives_.end()) return found->second;
  return lives_.emplace(pod.metadata.uid, Life{{some_time(), some_time(), 10 * some_time()}, {}})
      .first->second;
}

std::string Kubelet::free_address() {
  std::set<std::string> taken;
  for (const auto& [uid, life] : lives_) taken.insert(life.progress.ip);
  for (const auto& object : pods_.list()) taken.insert(object.as<Pod>()->status.podIP);
  for (int n = 2; n < 255; ++n) {
    std::string address = fmt::format("{}.{}", options_.pod_network, n);
    if (!taken.contains(address)) return address;
  }
  return "";
}

Outcome Kubelet::look_after(const std::string& key) {
  const auto [ns, name] = client::split_key(key);
  const auto pod = pods_.get_as<Pod>(ns, name);
  if (!pod) {
    std::set<std::string> there;
    for (const auto& object : pods_.list()) there.insert(object.meta().uid);
    Lock lock(m_);
    std::erase_if(lives_, [&](const auto& life) { return !there.contains(life.first); });
    return Outcome::done();
  }
  Step step;
  {
    Lock lock(m_);
    Life& life = life_of(*pod);
    const std::string free = life.progress.ip.empty() ? free_address() : life.progress.ip;
    step = next_step(*pod, options_.shape.address, free, life.stages, deps_.runtime.clock.monotonic(),
                     deps_.runtime.clock.wall(), life.progress);
  }
  switch (step.kind) {
    case Step::Kind::Wait:
      return step.again > Duration() ? Outcome::later(step.again) : Outcome::done();
    case Step::Kind::Report: {
      Pod next = *pod;
      next.status = std::move(step.status);
      const auto written = client::update_status(deps_.api, std::move(next), {});
      // A conflict: the informer will show what it is now.
      return written.ok() || is_gone(written.error()) ? Outcome::done() : Outcome::retry();
    }
    case Step::Kind::Remove: {
      meta::v1::DeleteOptions options;
      options.gracePeriodSeconds = 0;
      options.preconditions.ensure().uid = pod->metadata.uid;
      const auto removed = client::remove<Pod>(deps_.api, ns, name, options, {});
      return removed.ok() || is_gone(removed.error()) ? Outcome::done() : Outcome::retry();
    }
  }
  return Outcome::done();
}

}  // namespace mizzen::hollow
