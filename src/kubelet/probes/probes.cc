#include "kubelet/probes/probes.h"

#include <fmt/format.h>

#include <algorithm>

#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using State = ContainerRecord::State;
using Outcome = HandlerResult::Outcome;
using std::chrono::seconds;

/// Doubled from look to look.
constexpr Duration kFirstEarlyLook = std::chrono::milliseconds(100);
constexpr int kTriesMax = 3;
constexpr auto kIdleTick = seconds(60);

const char* kind_text(ProbeKind kind) {
  return kind == ProbeKind::Liveness ? "Liveness" : kind == ProbeKind::Readiness ? "Readiness" : "Startup";
}

const codec::Box<api::core::v1::Probe>& probe_of(const Container& c, ProbeKind kind) {
  return kind == ProbeKind::Liveness    ? c.livenessProbe
         : kind == ProbeKind::Readiness ? c.readinessProbe
                                        : c.startupProbe;
}

/// Containers that probes are for: regular ones and sidecars.
std::vector<const Container*> probed_containers(const Pod& pod) {
  std::vector<const Container*> out;
  for (const auto& c : api::containers_of(pod.spec))
    if (c.runs_on()) out.push_back(&c.spec);
  return out;
}

Duration period_of(const api::core::v1::Probe& p) {
  return seconds(std::max(p.periodSeconds > 0 ? p.periodSeconds : 10, 1));
}
Duration timeout_of(const api::core::v1::Probe& p) { return seconds(std::max(p.timeoutSeconds, 1)); }

}  // namespace

void ProbeManager::adopt(const Key& key, Worker& w, const ContainerRecord& record, bool ready_before) {
  w.container_id = record.id;
  w.on_hold = false;
  w.last = -1;
  w.run = 0;
  w.started = record.started;
  w.result = key.kind == ProbeKind::Liveness    ? std::optional<bool>(true)
             : key.kind == ProbeKind::Readiness ? std::optional<bool>(ready_before)
             : ready_before                     ? std::optional<bool>(true)
                                                : std::nullopt;
  w.due = deps_.clock.monotonic();
  w.early_due = Monotonic::max();
  w.early_step = Duration::zero();
}

void ProbeManager::update(const std::shared_ptr<const Pod>& pod, const RuntimePod& state,
                          const std::string& pod_ip, const std::set<std::string>& ready_before) {
  Lock lock(m_);
  for (const Container* c : probed_containers(*pod)) {
    const auto* record = state.newest(c->name);
    for (const auto kind : {ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup}) {
      const auto& probe = probe_of(*c, kind);
      if (!probe) continue;
      const Key key{pod->metadata.uid, c->name, kind};
      Worker& w = workers_[key];
      w.pod = pod;
      w.probe = *probe;
      w.pod_ip = pod_ip;
      w.running = record && record->state == State::Running;
      if (record && record->id != w.container_id) adopt(key, w, *record, ready_before.contains(record->id));
      if (!w.running && kind == ProbeKind::Readiness) w.result = false;
    }
  }
}

void ProbeManager::stop_liveness(const std::string& uid) {
  Lock lock(m_);
  std::erase_if(workers_,
                [&](const auto& w) { return w.first.uid == uid && w.first.kind != ProbeKind::Readiness; });
}

void ProbeManager::remove(const std::string& uid) {
  Lock lock(m_);
  std::erase_if(workers_, [&](const auto& w) { return w.first.uid == uid; });
}

bool ProbeManager::startup_done(const std::string& uid, const std::string& container,
                                const std::string& id) const {
  const auto w = workers_.find(Key{uid, container, ProbeKind::Startup});
  return w == workers_.end() || (w->second.container_id == id && w->second.result.value_or(false));
}

ProbeVerdicts ProbeManager::verdicts(const Pod& pod, const RuntimePod& state) const {
  ProbeVerdicts out;
  Lock lock(m_);
  for (const Container* c : probed_containers(pod)) {
    const auto* record = state.newest(c->name);
    if (!record || record->state != State::Running) continue;
    if (startup_done(pod.metadata.uid, c->name, record->id)) out.started.insert(record->id);
    for (const auto kind : {ProbeKind::Liveness, ProbeKind::Startup}) {
      const auto w = workers_.find(Key{pod.metadata.uid, c->name, kind});
      if (w == workers_.end() || w->second.container_id != record->id || w->second.result.value_or(true))
        continue;
      (kind == ProbeKind::Liveness ? out.liveness_failed : out.startup_failed).insert(record->id);
    }
  }
  return out;
}

std::set<std::string> ProbeManager::ready_ids(const Pod& pod, const RuntimePod& state) const {
  std::set<std::string> out;
  Lock lock(m_);
  for (const Container* c : probed_containers(pod)) {
    const auto* record = state.newest(c->name);
    if (!record || record->state != State::Running) continue;
    const auto w = workers_.find(Key{pod.metadata.uid, c->name, ProbeKind::Readiness});
    const bool ready = w == workers_.end()
                           ? !c->readinessProbe
                           : w->second.container_id == record->id && w->second.result.value_or(false);
    if (ready && startup_done(pod.metadata.uid, c->name, record->id)) out.insert(record->id);
  }
  return out;
}

bool ProbeManager::may_run(const Key& key, const Worker& w) const {
  if (!w.running || w.on_hold || w.in_flight) return false;
  const bool started = startup_done(key.uid, key.container, w.container_id);
  return key.kind == ProbeKind::Startup ? !started : started;
}

Monotonic ProbeManager::tick() {
  const auto now = deps_.clock.monotonic();
  Monotonic next = now + kIdleTick;
  std::vector<Key> due;
  {
    Lock lock(m_);
    for (auto& [key, w] : workers_) {
      if (!may_run(key, w)) continue;
      const auto earliest =
          w.started.is_set() ? w.started.wall() + seconds(w.probe.initialDelaySeconds) : WallTime();
      const auto wait = earliest - deps_.clock.wall();
      if (wait > Duration::zero()) {
        w.due = std::max(w.due, now + wait);
      }
      if (w.due <= now || w.early_due <= now) {
        begin_run(key, w, now);
        due.push_back(key);
      }
      next = std::min({next, w.due, w.early_due});
    }
  }
  for (const auto& key : due) execute(key, kTriesMax);
  return next;
}

void ProbeManager::begin_run(const Key& key, Worker& w, Monotonic now) {
  w.in_flight = true;
  w.early = w.due > now;
  if (!w.early) w.due = now + period_of(w.probe);
  const bool first = w.early_step == Duration::zero();
  // A threshold of several successes asks for a while in which it does well.
  const bool may_be_early = deps_.early_looks && key.kind != ProbeKind::Liveness &&
                            w.probe.successThreshold <= 1 && !w.result.value_or(false);
  if (may_be_early && (first || w.early)) {
    w.early_step = first ? kFirstEarlyLook : 2 * w.early_step;
    w.early_due = now + w.early_step;
  }
  if (!may_be_early || w.early_due >= w.due) w.early_due = Monotonic::max();
}

void ProbeManager::execute(const Key& key, int tries_left) {
  const auto token = gate_.enter();
  if (!token) return;
  Worker w;
  {
    Lock lock(m_);
    const auto found = workers_.find(key);
    if (found == workers_.end()) return;
    w = found->second;
  }
  deps_.runner.probe({w.pod, key.container, w.container_id, w.pod_ip}, w.probe.probeHandler,
                     {.timeout = timeout_of(w.probe), .stop = stop_.token()},
                     [this, token, key, w, tries_left](HandlerResult result) {
                       if (result.outcome == Outcome::Unknown && tries_left > 1)
                         return execute(key, tries_left - 1);
                       executed(key, w, std::move(result));
                     });
}

void ProbeManager::stop() {
  stop_.stop();
  gate_.close();
}

void ProbeManager::executed(const Key& key, const Worker& copy, HandlerResult result) {
  if (gate_.is_closed()) return;
  const char* kind = kind_text(key.kind);
  const bool fails = result.outcome == Outcome::Failure || result.outcome == Outcome::Unknown;
  if (copy.early && fails) {  // it is told, and counts, in its own time
    Lock lock(m_);
    const auto w = workers_.find(key);
    if (w != workers_.end()) w->second.in_flight = false;
    return;
  }
  if (result.outcome == Outcome::Unknown) {
    deps_.events.pod_event(
        *copy.pod, key.container, true, "Unhealthy",
        fmt::format("{} probe errored and resulted in unknown state: {}", kind, result.output));
  } else if (result.outcome == Outcome::Failure) {
    deps_.events.pod_event(*copy.pod, key.container, true, "Unhealthy",
                           fmt::format("{} probe failed: {}", kind, result.output));
  } else if (result.outcome == Outcome::Warning) {
    deps_.events.pod_event(*copy.pod, key.container, true, "ProbeWarning",
                           fmt::format("{} probe warning: {}", kind, result.output));
  }
  bool changed = false;
  {
    Lock lock(m_);
    const auto w = workers_.find(key);
    if (w == workers_.end()) return;
    w->second.in_flight = false;
    if (w->second.container_id != copy.container_id) return;  // of a container that is gone by now
  }
  if (result.outcome != Outcome::Unknown) changed = count(key, result);
  if (changed && deps_.on_change) deps_.on_change(key.uid);
}

bool ProbeManager::count(const Key& key, const HandlerResult& result) {
  Lock lock(m_);
  const auto found = workers_.find(key);
  if (found == workers_.end()) return false;
  Worker& w = found->second;
  const int outcome = result.outcome == Outcome::Failure ? 0 : 1;
  w.run = outcome == w.last ? w.run + 1 : 1;
  w.last = outcome;
  const int threshold = std::max(
      outcome == 0 ? (w.probe.failureThreshold > 0 ? w.probe.failureThreshold : 3) : w.probe.successThreshold,
      1);
  if (w.run < threshold) return false;
  const bool value = outcome == 1;
  const bool changed = w.result != value;
  w.result = value;
  if (value) w.early_due = Monotonic::max();
  if ((key.kind == ProbeKind::Liveness && !value) || key.kind == ProbeKind::Startup) {
    w.on_hold = true;
    w.run = 0;
  }
  // The gate of the others just opened: they need not wait for their period.
  if (key.kind == ProbeKind::Startup && value) {
    for (auto& [other, worker] : workers_) {
      if (other.uid == key.uid && other.container == key.container) worker.due = deps_.clock.monotonic();
    }
  }
  return changed;
}

}  // namespace mizzen::kubelet
