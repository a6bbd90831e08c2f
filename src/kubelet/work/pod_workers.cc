#include "kubelet/work/pod_workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "kubelet/decide/admission.h"
#include "kubelet/decide/node_room.h"
#include "kubelet/work/operations/old_records.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

/// Labels of this node that were set before a pod was bound to it are heard this late at most.
constexpr Duration kLabelsMayLag = std::chrono::seconds(1);

/// Unique over all sources: a name that a file and etcd both use is two pods.
std::string full_name(const std::string& ns, const std::string& name, const std::string& source) {
  return name + "." + ns + "." + (is_static_source(source) ? source : "api");
}
std::string full_name(const Pod& pod) {
  const auto* source = pod.metadata.annotations.find(kSourceAnnotation);
  return full_name(pod.metadata.namespace_, pod.metadata.name, source ? *source : "");
}

}  // namespace

PodWorkers::WorkPtr PodWorkers::find_work(const std::string& uid) const {
  Lock lock(m_);
  const auto found = works_.find(uid);
  return found == works_.end() ? nullptr : found->second;
}

PodWorkers::WorkPtr PodWorkers::make_work(const std::shared_ptr<const Pod>& pod) {
  return std::make_shared<PodWork>(
      world_, pod, [this](PodWork&) { admit(); }, [this](const std::string& uid) { forget(uid); });
}

void PodWorkers::forget(const std::string& uid) {
  world_.objects.forget(uid);
  std::shared_ptr<const Pod> again;
  {
    Lock lock(m_);
    works_.erase(uid);
    arrivals_.erase(uid);
    ++forgotten_;
    if (auto back = returning_.extract(uid)) again = std::move(back.mapped());
  }
  if (!again) return;
  upsert(again);
  if (world_.returned) world_.returned(again);
}

/// Full names of the static pods that have begun and not ended. Of what a manifest of before a restart left
/// running only the runtime knows where it came from.
std::set<std::string> PodWorkers::static_names() const {
  std::set<std::string> out;
  for (const auto& [uid, work] : works_)
    if (is_static(*work->pod()) && !work->awaits_admission()) out.insert(full_name(*work->pod()));
  for (const auto& old : world_.cache.pods()) {
    const auto source = world_.cache.pod(old.uid).source();
    const auto work = works_.find(old.uid);
    if (is_static_source(source) && (work == works_.end() || !work->second->awaits_admission()))
      out.insert(full_name(old.namespace_, old.name, source));
  }
  return out;
}

/// All who wait are judged at once, the oldest first: whose turn comes first is chance. A pod that was
/// admitted counts at once, so that two that come together do not both take the last place.
void PodWorkers::admit() {
  Lock one_at_a_time(admitting_);
  std::vector<std::pair<std::tuple<codec::Time, uint64_t>, WorkPtr>> waiting;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_)
      if (work->awaits_admission())
        waiting.push_back({{work->pod()->metadata.creationTimestamp, arrivals_[uid]}, work});
    // A changed manifest is another pod of the same name: it waits for the end of the one before.
    if (std::any_of(waiting.begin(), waiting.end(),
                    [](const auto& w) { return is_static(*w.second->pod()); }))
      std::erase_if(waiting, [taken = static_names()](const auto& w) {
        return is_static(*w.second->pod()) && taken.contains(full_name(*w.second->pod()));
      });
  }
  std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const NodeAbilities abilities = world_.abilities();
  NodeRoom room = room_now();
  std::map<std::string, Monotonic> doubts;
  for (const auto& [age, work] : waiting) {
    const auto pod = work->pod();
    auto refused = refusal_of(*pod, abilities);
    if (!refused) refused = misfit_of(*pod, room);
    if (refused && refused->reason == kNodeAffinityReason) {
      const auto& uid = pod->metadata.uid;
      const Monotonic now = world_.clock.monotonic();
      const auto since = doubts_.contains(uid) ? doubts_.at(uid) : now;
      doubts.emplace(uid, since);
      if (now < since + kLabelsMayLag) continue;  // it is asked about again
    }
    if (refused) {
      // As the agent has always said it of pods that no scheduler placed.
      if (refused->reason == kNodePortsReason && is_static(*pod))
        world_.events.pod_event(*pod, "", true, "HostPortConflict",
                                "Cannot start the pod due to host port conflict.");
      work->set_verdict(PodEnd{"Failed", refused->reason, refused->message, std::nullopt});
      continue;
    }
    work->set_verdict(std::nullopt);
    room.take(*pod);
  }
  doubts_ = std::move(doubts);
}

NodeRoom PodWorkers::room_now() const {
  NodeRoom out = node_room(world_.node(), world_.allocatable(), world_.options.pods_max);
  Lock lock(m_);
  // One that its source has no more counts for nothing, as upstream, though it may still be ending: whoever
  // comes next waits for what it holds, and is not refused for good.
  for (const auto& [uid, work] : works_)
    if (work->is_active() && !work->is_gone()) out.take(*work->pod());
  return out;
}

void PodWorkers::upsert(const std::shared_ptr<const Pod>& pod) {
  if (world_.gate.is_closed()) return;
  WorkPtr work;
  bool fresh = false;
  {
    Lock lock(m_);
    WorkPtr& slot = works_[pod->metadata.uid];
    if (slot && slot->is_gone()) {
      returning_[pod->metadata.uid] = pod;
      return;
    }
    fresh = slot == nullptr;
    if (fresh) {
      slot = make_work(pod);
      arrivals_[pod->metadata.uid] = ++arrived_;
    }
    work = slot;
  }
  world_.statuses.observe(pod);
  world_.objects.watch(*pod);
  if (fresh) {
    work->kick();
  } else {
    work->update(pod);
  }
}

void PodWorkers::gone(const std::string& uid, const std::shared_ptr<const Pod>& last) {
  const WorkPtr work = find_work(uid);
  if (!work) return;
  {
    Lock lock(m_);
    returning_.erase(uid);
  }
  if (last) work->update(last);
  work->gone();
}

void PodWorkers::remove_orphan(const RuntimeCache::PodName& name) {
  WorkPtr work;
  {
    Lock lock(m_);
    WorkPtr& slot = works_[name.uid];
    if (slot) return;
    Pod pod;  // what is left to know of it
    pod.metadata.uid = name.uid;
    pod.metadata.name = name.name;
    pod.metadata.namespace_ = name.namespace_;
    work = slot = make_work(std::make_shared<const Pod>(std::move(pod)));
  }
  log::info("kubelet", "Removing a pod that no source knows",
            {log::kv("pod", name.namespace_ + "/" + name.name), log::kv("uid", name.uid)});
  work->gone();
}

bool PodWorkers::end(const std::string& uid, PodEnd end) {
  const WorkPtr work = find_work(uid);
  if (work) work->end(std::move(end));
  return work != nullptr;
}

void PodWorkers::remove_dead_containers() {
  for (const auto& pod : pods()) {
    if (!is_terminal(pod->status.phase)) continue;
    const RuntimePod state = world_.cache.pod(pod->metadata.uid);
    if (state.any_running()) continue;
    std::set<std::string> names;
    for (const auto& record : state.containers) names.insert(record.name);
    for (const auto& name : names) remove_old_records(world_, state, name, 0);
  }
}

void PodWorkers::kick(const std::string& uid) {
  if (const WorkPtr work = find_work(uid)) work->kick();
}

void PodWorkers::refresh(const std::string& uid) {
  if (const WorkPtr work = find_work(uid)) work->refresh();
}

void PodWorkers::kick_all() {
  std::vector<WorkPtr> all;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_) all.push_back(work);
  }
  for (const auto& work : all) work->kick();
}

bool PodWorkers::knows(const std::string& uid) const { return find_work(uid) != nullptr; }

uint64_t PodWorkers::forgotten() const {
  Lock lock(m_);
  return forgotten_;
}

size_t PodWorkers::active() const {
  std::vector<WorkPtr> all;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_) all.push_back(work);
  }
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [&](const auto& work) { return work->is_active(); }));
}

std::shared_ptr<const Pod> PodWorkers::with_status(std::shared_ptr<const Pod> pod) const {
  const auto status = world_.statuses.last(pod->metadata.uid);
  if (!status) return pod;
  auto copy = std::make_shared<Pod>(*pod);
  copy->status = *status;
  return copy;
}

std::vector<std::shared_ptr<const Pod>> PodWorkers::pods() const {
  std::vector<std::shared_ptr<const Pod>> out;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_) out.push_back(work->pod());
  }
  for (auto& pod : out) pod = with_status(std::move(pod));
  return out;
}

std::shared_ptr<const Pod> PodWorkers::find(const std::string& namespace_, const std::string& name) const {
  std::shared_ptr<const Pod> found;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_) {
      if (work->is_gone()) continue;
      auto pod = work->pod();
      if (pod->metadata.name == name && pod->metadata.namespace_ == namespace_) found = std::move(pod);
    }
  }
  return found ? with_status(std::move(found)) : nullptr;
}

void PodWorkers::stop() {
  std::vector<WorkPtr> all;
  {
    Lock lock(m_);
    for (const auto& [uid, work] : works_) all.push_back(work);
  }
  world_.stopping.stop();
  for (const auto& work : all) work->stop();
  world_.gate.close();
}

}  // namespace mizzen::kubelet
