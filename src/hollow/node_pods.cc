#include "hollow/node_pods.h"

#include "hollow/pauses.h"

namespace mizzen::hollow {
namespace {

/// Until an address may have become free.
constexpr Duration kAddressWait = std::chrono::seconds(1);
/// Pods that end by themselves work so many times as long as the other stages take.
constexpr int kWorkTimes = 10;

}  // namespace

void NodePods::free_address(Life& life) {
  if (life.address != PodAddresses::kNone) addresses_.give_back(life.address);
  life.address = PodAddresses::kNone;
}

void NodePods::see(const std::string& key, std::shared_ptr<const Pod> pod) {
  Lock lock(m_);
  Life& life = lives_[key];
  if (life.uid != pod->metadata.uid) {
    free_address(life);
    const auto stage = [&] { return between(options_.stage_min, options_.stage_max, runtime_.random); };
    life = {.uid = pod->metadata.uid, .stages = {stage(), stage(), kWorkTimes * stage()}};
  }
  life.failures = 0;
  if (has_ended(*pod)) {
    free_address(life);
  } else if (life.address == PodAddresses::kNone && !pod->status.podIP.empty()) {
    const auto had = parse_ipv4(pod->status.podIP);
    if (had && addresses_.take(*had)) life.address = *had;
  }
  life.pod = std::move(pod);
}

void NodePods::forget(const std::string& key, const Pod& pod) {
  Lock lock(m_);
  const auto found = lives_.find(key);
  if (found == lives_.end() || found->second.uid != pod.metadata.uid) return;
  free_address(found->second);
  lives_.erase(found);
}

std::vector<std::string> NodePods::listed(const std::set<std::string>& uids) {
  std::vector<std::string> out;
  Lock lock(m_);
  listed_ = true;
  for (auto it = lives_.begin(); it != lives_.end();) {
    if (uids.contains(it->second.uid)) {
      out.push_back((it++)->first);
      continue;
    }
    free_address(it->second);
    it = lives_.erase(it);
  }
  return out;
}

bool NodePods::give_address(Life& life) {
  if (life.address != PodAddresses::kNone || life.pod->spec.hostNetwork || !life.pod->status.podIP.empty() ||
      has_ended(*life.pod))
    return true;
  if (listed_) life.address = addresses_.take();
  return life.address != PodAddresses::kNone;
}

NodePods::Next NodePods::next(const std::string& key) {
  Lock lock(m_);
  const auto found = lives_.find(key);
  if (found == lives_.end() || !found->second.pod) return {};
  Life& life = found->second;
  if (!life.pod->metadata.deletionTimestamp && !give_address(life))
    return {life.pod, {Step::Kind::Wait, {}, kAddressWait}};
  Next out;
  out.pod = life.pod;
  const std::string ip = life.address == PodAddresses::kNone ? "" : format_ipv4(life.address);
  out.step = next_step(*life.pod, options_.host_ip, ip, life.stages, runtime_.clock.monotonic(),
                       runtime_.clock.wall(), life.progress);
  if (out.step.kind == Step::Kind::Wait && out.step.again == Duration()) life.pod = nullptr;
  return out;
}

Duration NodePods::failed(const std::string& key) {
  Lock lock(m_);
  const auto found = lives_.find(key);
  if (found == lives_.end()) return {};
  return pause_after(++found->second.failures, runtime_.random);
}

size_t NodePods::size() const {
  Lock lock(m_);
  return lives_.size();
}

}  // namespace mizzen::hollow
