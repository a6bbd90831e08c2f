#include "kubelet/work/pod_work.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "kubelet/decide/admission.h"
#include "kubelet/status/last_status.h"
#include "kubelet/work/operations/disk_work.h"
#include "telemetry/log.h"

// The turn itself, and how a pod ends. What a running pod gets is in pod_running.cc, what is told of it in
// pod_publish.cc.
namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
constexpr std::string_view kLog = "kubelet";
/// For what its source dropped without a word: nobody is left who could name a grace period.
constexpr int64_t kGraceOfGoneS = 1;

}  // namespace

PodWork::PodWork(NodeWorld& world, std::shared_ptr<const Pod> pod, Admit admit, Forgotten forgotten)
    : world_(world),
      admit_(std::move(admit)),
      forgotten_(std::move(forgotten)),
      lane_(std::make_shared<SerialQueue>(world.executor)),
      pod_(pod),
      volumes_(std::make_shared<PodVolumes>(world, lane_)) {
  Lock lock(m_);
  wanted_.pod = std::move(pod);
}

void PodWork::update(std::shared_ptr<const Pod> pod) {
  {
    Lock lock(m_);
    wanted_.pod = std::move(pod);
  }
  kick();
}

void PodWork::gone() {
  {
    Lock lock(m_);
    wanted_.gone = true;
  }
  kick();
}

void PodWork::end(PodEnd end) {
  {
    Lock lock(m_);
    if (!wanted_.end) {
      wanted_.end = std::move(end);
    } else if (end.grace_s) {
      wanted_.end->grace_s = std::min(wanted_.end->grace_s.value_or(*end.grace_s), *end.grace_s);
    }
  }
  kick();
}

std::shared_ptr<const Pod> PodWork::pod() const {
  Lock lock(m_);
  return wanted_.pod;
}

bool PodWork::is_gone() const {
  Lock lock(m_);
  return wanted_.gone;
}

void PodWork::kick() {
  if (stopped_ || kicked_.exchange(true)) return;
  post_turn();
}

void PodWork::refresh() {
  stale_ = true;
  kick();
}

void PodWork::post_turn() {
  auto token = world_.gate.enter();
  if (!token) return;
  post_on(world_, lane_, [self = shared_from_this(), token] { self->turn(); });
}

void PodWork::stop() {
  stopped_ = true;
  auto token = world_.gate.enter();
  if (!token) return;
  post_on(world_, lane_, [self = shared_from_this(), token] {
    const auto cancel = [](const auto& operation) {
      if (operation) operation->cancel();
    };
    cancel(self->making_sandbox_);
    cancel(self->terminator_);
    cancel(self->resetting_);
    cancel(self->removing_);
    for (const auto& [name, start] : self->starting_) cancel(start);
    for (const auto& [id, stop] : self->stopping_) cancel(stop);
    if (self->alarm_ != 0) self->world_.alarms.cancel(self->alarm_);
  });
}

void PodWork::take(const Wanted& wanted) {
  if (wanted.pod != pod_ && wanted.pod->metadata.generation != pod_->metadata.generation) {
    retry_at_.clear();  // what failed may be mended
    volumes_->try_again();
  }
  pod_ = wanted.pod;
  gone_ = wanted.gone;
  end_ = wanted.end;
}

void PodWork::turn() {
  kicked_ = false;
  if (stopped_ || !world_.cache.is_ready()) return;
  Wanted wanted;
  {
    Lock lock(m_);
    wanted = wanted_;
  }
  take(wanted);
  next_ = Monotonic::max();
  if (resolve_doubt()) {
    const RuntimePod state = world_.cache.pod(pod_->metadata.uid);
    if (stage_ == Stage::New && admitted(state)) stage_ = Stage::Running;
    fresh_ = stage_ == Stage::New;
    if (stage_ == Stage::Running) {
      check_deadline();
      if (ends()) {
        begin_end();
      } else {
        run(state);
      }
    }
    if (stage_ == Stage::Ending) end_step();
    if (stage_ == Stage::Over) over_step();
  }
  set_alarm();
}

/// What was cut off may have been carried out: it is looked at before anything is decided. False while that
/// is under way.
bool PodWork::resolve_doubt() {
  if (!in_doubt_) return true;
  if (looking_) return false;
  looking_ = true;
  auto token = world_.gate.enter();
  if (!token) return false;
  world_.cache.look_at_pod(name(), [self = shared_from_this(), token](const Result<void>& seen) {
    post_on(self->world_, self->lane_, [self, token, ok = seen.ok()] {
      self->looking_ = false;
      self->in_doubt_ = !ok;
      if (ok) return self->kick();
      self->again_in(seconds(1));
      self->set_alarm();
    });
  });
  return false;
}

RuntimeCache::PodName PodWork::name() const {
  const auto& meta = pod_->metadata;
  return {meta.uid, meta.namespace_, meta.name};
}

/// False where the pod does not run here: refused, or over before it was seen.
bool PodWork::admitted(const RuntimePod& state) {
  const bool known = !state.sandboxes.empty() || !state.containers.empty();
  if (!known && (is_terminal(published().phase) || gone_)) {
    stage_ = Stage::Over;
    return false;
  }
  // What runs here is this node's to care for, whatever it would say to it today.
  if (!known && !pod_->metadata.deletionTimestamp) {
    const bool heard = is_static(*pod_) || world_.sources_ready();
    if (heard && world_.runtime_ready() && awaits_admission()) admit_(*this);
    if (awaits_admission()) {
      again_in(std::chrono::milliseconds(100));
      return false;
    }
    if (const auto refused = refusal()) {
      stage_ = Stage::Over;
      PodStatus status = pod_->status;
      status.phase = refused->phase;
      status.reason = refused->reason;
      status.message = "Pod was rejected: " + refused->message;
      world_.events.pod_event(*pod_, "", true, refused->reason, refused->message);
      world_.statuses.set(pod_, std::move(status));
      return false;
    }
    if (const auto fields = fields_without_effect(*pod_); !fields.empty())
      world_.events.pod_event(*pod_, "", true, "FieldWithoutEffect",
                              "This node does not enforce " + join(fields, ", "));
  }
  active_ = true;
  return true;
}

bool PodWork::awaits_admission() const {
  {
    Lock lock(m_);
    const auto& meta = wanted_.pod->metadata;
    if (judged_ || wanted_.gone || meta.deletionTimestamp || is_terminal(wanted_.pod->status.phase))
      return false;
  }
  return fresh_ && !world_.cache.knows(pod()->metadata.uid);
}

void PodWork::set_verdict(std::optional<PodEnd> refusal) {
  active_ = !refusal;
  Lock lock(m_);
  judged_ = true;
  refusal_ = std::move(refusal);
}

std::optional<PodEnd> PodWork::refusal() const {
  Lock lock(m_);
  return refusal_;
}

bool PodWork::is_active() const {
  if (active_) return true;
  const auto now = pod();
  return fresh_ && !is_terminal(now->status.phase) && world_.cache.knows(now->metadata.uid);
}

bool PodWork::ends() {
  return gone_ || end_ || pod_->metadata.deletionTimestamp || is_terminal(published().phase);
}

void PodWork::check_deadline() {
  const auto& limit = pod_->spec.activeDeadlineSeconds;
  const PodStatus status = published();
  if (!limit || !status.startTime || end_ || ends()) return;
  const auto left = status.startTime->wall() + seconds(*limit) - world_.clock.wall();
  if (left > Duration::zero()) return again_in(left);
  const PodEnd end{"Failed", "DeadlineExceeded",
                   "Pod was active on the node longer than the specified deadline", std::nullopt};
  world_.events.pod_event(*pod_, "", false, end.reason, end.message);
  end_ = end;
  Lock lock(m_);
  if (!wanted_.end) wanted_.end = end;
}

void PodWork::begin_end() {
  stage_ = Stage::Ending;
  grace_s_ = grace_seconds(*pod_);
  for (const auto& [name, start] : starting_) start->cancel();
  if (making_sandbox_) making_sandbox_->cancel();
  if (resetting_) resetting_->cancel();
  world_.probes.stop_liveness(pod_->metadata.uid);
}

void PodWork::end_step() {
  int64_t grace = std::min(grace_s_, grace_seconds(*pod_));
  if (end_ && end_->grace_s) grace = std::min(grace, *end_->grace_s);
  if (gone_ && !pod_->metadata.deletionTimestamp && !is_static(*pod_))
    grace = std::min<int64_t>(grace, kGraceOfGoneS);
  grace_s_ = grace;
  // Also what was begun while the pod was to go on: it may have taken a longer time then.
  if (terminator_ && grace < terminator_->grace_s()) terminator_->shorten(grace);
  for (const auto& [id, stop] : stopping_) stop->shorten(grace);
  const RuntimePod state = world_.cache.pod(pod_->metadata.uid);
  if (!is_terminal(published().phase) || state.any_running()) publish(make_status(state, true), state);
  // What was begun is told first: it may have made something.
  if (under_way().any()) return;
  if (state.holds_anything()) return take_down(state, grace_s_);
  finish_end(state);
}

void PodWork::finish_end(const RuntimePod& state) {
  if (releasing_ || volumes_->is_under_way()) return;  // told when that has ended
  const std::string& uid = pod_->metadata.uid;
  PodStatus last = last_status(*pod_, make_status(state, true));
  if (!is_terminal(published().phase)) {
    if (end_) {
      last.phase = end_->phase;
      last.reason = end_->reason;
      last.message = end_->message;
      if (!end_->disruption.empty())
        set_condition(last, "DisruptionTarget", true, end_->disruption, end_->message,
                      pod_->metadata.generation, world_.clock.wall());
    } else if (!is_terminal(last.phase) && (pod_->metadata.deletionTimestamp || gone_)) {
      // Taken down before all of its containers ran: what never started did not succeed.
      last.phase = "Failed";
      for (auto& c : last.containerStatuses) c.ready = false;
    }
    if (!gone_) world_.statuses.set(pod_, std::move(last));
  } else {
    publish(std::move(last), state);
  }
  world_.probes.remove(uid);
  releasing_ = true;
  run_on_disk(
      world_, lane_, [this, self = shared_from_this(), pod = pod_] { return release(world_, *pod); },
      [self = shared_from_this()](const Result<void>& result) { self->released(result); });
}

void PodWork::released(const Result<void>& result) {
  releasing_ = false;
  if (result.ok()) {
    active_ = false;
    stage_ = Stage::Over;
    return kick();
  }
  log::warn(kLog, "Cannot give back what the pod had",
            {log::kv("pod", pod_text(*pod_)), log::kv("error", result.error().message())});
  again_in(seconds(1));
  set_alarm();
}

void PodWork::over_step() {
  active_ = false;
  if (!gone_) {
    if (pod_->metadata.deletionTimestamp) world_.statuses.finish(pod_);  // the source tells when it is gone
    return;
  }
  if (removing_) return;
  RuntimePod state = world_.cache.pod(pod_->metadata.uid);
  state.name = pod_->metadata.name;
  state.namespace_ = pod_->metadata.namespace_;
  removing_ = RemovePod::begin(
      world_, lane_, state, told_to(shared_from_this(), [this](const Result<void>& result) {
        if (!result.ok()) return removed(result);
        run_on_disk(
            world_, lane_, [self = shared_from_this(), pod = pod_] { return release(self->world_, *pod); },
            [self = shared_from_this()](const Result<void>& done) { self->removed(done); });
      }));
}

void PodWork::removed(const Result<void>& result) {
  removing_ = nullptr;
  const std::string& uid = pod_->metadata.uid;
  if (result.ok()) {
    world_.statuses.forget(uid);
    world_.probes.remove(uid);
    stopped_ = true;  // a late turn would remove what comes up anew under this uid
    return forgotten_(uid);
  }
  log::warn(kLog, "Cannot remove pod",
            {log::kv("pod", pod_text(*pod_)), log::kv("error", result.error().message())});
  in_doubt_ = true;
  again_in(seconds(1));
  set_alarm();
}

UnderWay PodWork::under_way() const {
  UnderWay out;
  out.making_sandbox = making_sandbox_ != nullptr;
  out.taking_down = terminator_ || resetting_;
  for (const auto& [name, start] : starting_) out.starting.insert(name);
  for (const auto& [id, stop] : stopping_) out.stopping.insert(id);
  for (const auto& [name, failure] : failures_)
    if (const auto retry = retry_at_.find(name);
        retry != retry_at_.end() && retry->second > world_.clock.monotonic())
      out.failed.insert(name);
  return out;
}

void PodWork::again_at(Monotonic when) { next_ = std::min(next_, when); }
void PodWork::again_in(Duration wait) { again_at(later(world_.clock.monotonic(), wait)); }

void PodWork::set_alarm() {
  if (alarm_ != 0) world_.alarms.cancel(alarm_);
  alarm_ = 0;
  if (next_ == Monotonic::max() || stopped_) return;
  const Duration wait = std::max(Duration::zero(), Duration(next_ - world_.clock.monotonic()));
  alarm_ = world_.alarms.after(wait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->kick();
  });
}

}  // namespace mizzen::kubelet
