#include "scheduler/run/scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/schema/core/v1/binding.h"
#include "async/mutex.h"
#include "client/events/event_recorder.h"
#include "client/informer/informer.h"
#include "codec/json/json_text.h"
#include "scheduler/decide/decide.h"
#include "scheduler/queue/queue.h"
#include "scheduler/run/metrics.h"
#include "telemetry/log.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::Binding;
using api::core::v1::PodCondition;
using client::Call;
using client::Seen;
using machinery::Object;

constexpr const char* kLog = "scheduler";
constexpr size_t kEventTextMax = 1024;

bool has_ended(const Pod& pod) { return pod.status.phase == "Succeeded" || pod.status.phase == "Failed"; }

/// Whether a waiting pod asks for something else than before.
bool asks_otherwise(const PodInfo& old, const PodInfo& now) {
  const auto& a = old.pod->spec;
  const auto& b = now.pod->spec;
  return !(old.load->requests == now.load->requests) || a.tolerations.size() != b.tolerations.size() ||
         a.schedulingGates.size() != b.schedulingGates.size() || !(a.nodeSelector == b.nodeSelector) ||
         !(old.pod->metadata.labels == now.pod->metadata.labels);
}

std::string cut(std::string text) {
  if (text.size() > kEventTextMax) text = text.substr(0, kEventTextMax - 4) + " ...";
  return text;
}

/// An API server that fills defaults in always names one.
bool is_ours(const Pod& pod) {
  return pod.spec.schedulerName.empty() || pod.spec.schedulerName == Scheduler::kName;
}

const PodCondition* scheduled_condition(const Pod& pod) {
  for (const PodCondition& c : pod.status.conditions)
    if (c.type == "PodScheduled") return &c;
  return nullptr;
}

}  // namespace

/// Informer handlers change `cluster` and `pending` under `m` and wake the loop, which runs on the executor
/// while there are pods to try.
struct Scheduler::State : std::enable_shared_from_this<State> {
  explicit State(Deps d)
      : deps(d),
        nodes(*client::require_resource<Node>(d.api), {d.api, d.runtime}),
        pods(*client::require_resource<Pod>(d.api), {d.api, d.runtime}),
        recorder({d.api, d.runtime}, {kName, ""}) {
    if (d.metrics) metrics.emplace(*d.metrics);
  }

  const Deps deps;
  client::Informer nodes;
  client::Informer pods;
  /// Of what pods claim: those kinds that the API serves.
  std::vector<std::unique_ptr<client::Informer>> claims;
  client::EventRecorder recorder;
  std::optional<SchedulerMetrics> metrics;
  StopSource stopping;

  Mutex m;
  CondVar idle;
  ClusterState cluster MZ_GUARDED_BY(m);
  PendingPods pending MZ_GUARDED_BY(m);
  size_t next_start MZ_GUARDED_BY(m) = 0;
  bool started MZ_GUARDED_BY(m) = false;
  bool stopped MZ_GUARDED_BY(m) = false;
  bool looping MZ_GUARDED_BY(m) = false;
  size_t writes MZ_GUARDED_BY(m) = 0;
  Timers::Id timer MZ_GUARDED_BY(m) = 0;
  Monotonic timer_due MZ_GUARDED_BY(m){};

  void watch() {
    const std::weak_ptr<State> weak = weak_from_this();
    const auto with = [weak](auto f) {
      if (const auto s = weak.lock()) f(*s);
    };
    const auto node = [with](const Seen& now) { with([&](State& s) { s.on_node(now); }); };
    nodes.add_handler({node, [node](const Seen&, const Seen& now) { node(now); },
                       [with](const Seen& last) {
                         with([&](State& s) {
                           Lock lock(s.m);
                           s.cluster.remove_node(last.key());
                         });
                       }});
    pods.add_handler({[with](const Seen& now) { with([&](State& s) { s.on_pod(now); }); },
                      [with](const Seen&, const Seen& now) { with([&](State& s) { s.on_pod(now); }); },
                      [with](const Seen& last) {
                        with([&](State& s) {
                          Lock lock(s.m);
                          s.gone(std::string(last.uid()));
                          s.wake();
                        });
                      }});
  }

  /// Keeps what there is of a kind in `among`.
  template <typename T>
  void watch_claims(Claims::ByName<T> Claims::* among) {
    const auto resource = client::find_resource<T>(deps.api);
    if (!resource.ok()) return;
    auto& informer = *claims.emplace_back(
        std::make_unique<client::Informer>(**resource, client::Informer::Deps{deps.api, deps.runtime}));
    const auto change = [weak = weak_from_this(), among](const Seen& object, bool there) {
      const auto s = weak.lock();
      if (!s) return;
      const std::string key(object.key());
      Lock lock(s->m);
      auto& known = s->cluster.claims.*among;
      if (there) {
        known[key] = object.share<T>();
      } else {
        known.erase(key);
      }
      s->pending.changed(kClaim, s->deps.runtime.clock.monotonic());
      s->wake();
    };
    informer.add_handler({[change](const Seen& now) { change(now, true); },
                          [change](const Seen&, const Seen& now) { change(now, true); },
                          [change](const Seen& last) { change(last, false); }});
  }

  /// Read at the scrape.
  void collect() {
    if (!deps.metrics) return;
    const auto sample = [weak = weak_from_this()](auto read) {
      return [weak, read](std::vector<Metrics::Sample>& out) {
        const auto s = weak.lock();
        if (!s) return;
        Lock lock(s->m);
        read(s->pending, out);
      };
    };
    deps.metrics->gauge_collector("scheduler_pending_pods", "Pods that wait for a node, by where they wait.",
                                  {"queue"}, sample(pending_samples));
    deps.metrics->counter_collector("scheduler_queue_incoming_pods_total",
                                    "Pods that came to a queue, and why.", {"queue", "event"},
                                    sample(incoming_samples));
  }

  void on_node(const Seen& now) {
    const Node& node = *now.as<Node>();
    Lock lock(m);
    pending.changed(cluster.set_node(node), deps.runtime.clock.monotonic());
    wake();
  }

  /// Another pod under the same name is told of as one that went and one that came.
  void on_pod(const Seen& seen) {
    const auto info = std::make_shared<const PodInfo>(seen.share<Pod>());
    const Pod& pod = *info->pod;
    Lock lock(m);
    const Monotonic now = deps.runtime.clock.monotonic();
    if (has_ended(pod)) {
      gone(pod.metadata.uid);
    } else if (!pod.spec.nodeName.empty()) {
      pending.remove(info->uid());
      pending.changed(cluster.set_pod(info->load, pod.spec.nodeName), now);
    } else if (!is_ours(pod) || pod.metadata.deletionTimestamp) {
      pending.remove(info->uid());
    } else if (!cluster.is_assumed(info->uid())) {
      const PodInfoPtr before = pending.find(info->uid());
      pending.set(info, before && asks_otherwise(*before, *info), now);
    }
    wake();
  }

  void gone(const std::string& uid) MZ_REQUIRES(m) {
    pending.remove(uid);
    pending.changed(cluster.remove_pod(uid), deps.runtime.clock.monotonic());
  }

  /// Sees to it that the loop runs.
  void wake() MZ_REQUIRES(m) {
    if (!started || stopped || looping) return;
    looping = deps.runtime.executor.post([self = shared_from_this()] { self->loop(); });
    // A full executor: soon again.
    if (!looping) arm(deps.runtime.clock.monotonic() + std::chrono::seconds(1));
  }

  void arm(Monotonic due) MZ_REQUIRES(m) {
    if (stopped || (timer && timer_due <= due)) return;
    if (timer) deps.runtime.timers.cancel(timer);
    timer_due = due;
    const Duration delay = std::max(Duration::zero(), due - deps.runtime.clock.monotonic());
    timer = deps.runtime.timers.after(delay, [weak = weak_from_this()] {
      const auto s = weak.lock();
      if (!s) return;
      Lock lock(s->m);
      s->timer = 0;
      s->wake();
    });
  }

  void loop() {
    Lock lock(m);
    while (!stopped && writes < kWritesMax) {
      const PodInfoPtr pod = pending.pop(deps.runtime.clock.monotonic());
      if (!pod) break;
      const Monotonic began = deps.runtime.clock.monotonic();
      const Decision decision = decide(*pod, cluster, deps.runtime.random, next_start);
      if (metrics) metrics->algorithm(deps.runtime.clock.monotonic() - began);
      next_start = decision.next_start;
      ++writes;
      std::function<void()> write;
      if (!decision.node.empty()) {
        cluster.assume(pod->load, decision.node);
        write = [self = shared_from_this(), pod, node = decision.node, began] {
          self->bind(pod, node, began);
        };
      } else {
        pending.rejected(pod, decision.retry_on, deps.runtime.clock.monotonic());
        if (metrics)
          metrics->attempted(SchedulerMetrics::Result::Unschedulable, deps.runtime.clock.monotonic() - began);
        write = [self = shared_from_this(), pod, message = decision.message] {
          self->tell_unschedulable(*pod, message);
        };
      }
      if (deps.runtime.executor.post(write)) continue;
      m.unlock();
      write();
      m.lock();
    }
    looping = false;
    // With all writers busy, the first to end wakes the loop.
    if (const auto due = pending.next_due(); due && writes < kWritesMax) arm(*due);
    idle.notify_all();
  }

  void bind(const PodInfoPtr& pod, const std::string& node, Monotonic began) {
    Binding binding;
    binding.metadata.namespace_ = pod->pod->metadata.namespace_;
    binding.metadata.name = pod->pod->metadata.name;
    binding.metadata.uid = pod->uid();
    binding.target.kind = "Node";
    binding.target.name = node;
    Call call;
    call.stop = stopping.token();
    const auto r = client::create_part<Pod>(deps.api, Object::of(std::move(binding)), "binding", call);
    if (r.ok()) {
      recorder.event(Object(pod->pod), "Normal", "Scheduled",
                     fmt::format("Successfully assigned {} to {}", pod->key, node));
    } else if (r.error().code() != Code::Cancelled) {
      log::warn(kLog, "a pod could not be bound",
                {log::kv("pod", pod->key), log::kv("node", node), log::kv("error", r.error().message())});
    }
    const auto now_known = pods.get_as<Pod>(pod->pod->metadata.namespace_, pod->pod->metadata.name);
    if (metrics)
      metrics->attempted(r.ok() ? SchedulerMetrics::Result::Scheduled : SchedulerMetrics::Result::Error,
                         deps.runtime.clock.monotonic() - began);
    Lock lock(m);
    if (r.ok()) {
      if (metrics) metrics->scheduled(pending.attempts(pod->uid()) + 1);
      pending.done(pod->uid());
    } else {
      const Monotonic now = deps.runtime.clock.monotonic();
      pending.changed(cluster.forget(pod->uid()), now);
      const bool waits = now_known && now_known->metadata.uid == pod->uid() && !has_ended(*now_known) &&
                         now_known->spec.nodeName.empty() && !now_known->metadata.deletionTimestamp;
      if (waits) pending.failed(std::make_shared<const PodInfo>(now_known), now);
    }
    written();
  }

  void tell_unschedulable(const PodInfo& pod, const std::string& message) {
    recorder.event(Object(pod.pod), "Warning", "FailedScheduling", cut(message));
    const PodCondition* old = scheduled_condition(*pod.pod);
    const auto generation = pod.pod->metadata.generation;
    const bool same = old && old->status == "False" && old->reason == "Unschedulable" &&
                      old->message == message && old->observedGeneration == generation;
    if (!same) {
      const auto since = old && old->status == "False" ? old->lastTransitionTime
                                                       : codec::Time::from(deps.runtime.clock.wall());
      std::string body = R"({"metadata":{"uid":)";
      codec::append_json_string(body, pod.uid());
      body +=
          R"(},"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",)";
      if (generation > 0) body += fmt::format(R"("observedGeneration":{},)", generation);
      body += fmt::format(R"("lastProbeTime":null,"lastTransitionTime":"{}","message":)",
                          codec::format_time(since));
      codec::append_json_string(body, message);
      body += "}]}}";
      client::WriteOptions options;
      options.subresource = "status";
      Call call;
      call.stop = stopping.token();
      const auto r = client::patch<Pod>(deps.api, pod.pod->metadata.namespace_, pod.pod->metadata.name,
                                        client::PatchType::Strategic, body, call, options);
      if (!r.ok() && r.error().code() != Code::NotFound && r.error().code() != Code::Cancelled)
        log::warn(kLog, "the condition of a pod could not be written",
                  {log::kv("pod", pod.key), log::kv("error", r.error().message())});
    }
    Lock lock(m);
    written();
  }

  void written() MZ_REQUIRES(m) {
    --writes;
    idle.notify_all();
    wake();
  }
};

Scheduler::Scheduler(Deps deps) : state_(std::make_shared<State>(deps)) {
  state_->watch();
  state_->watch_claims(&Claims::volume_claims);
  state_->watch_claims(&Claims::volumes);
  state_->watch_claims(&Claims::classes);
  state_->watch_claims(&Claims::resource_claims);
  state_->collect();
}

Result<void> Scheduler::start(Deadline deadline) {
  state_->nodes.start();
  state_->pods.start();
  for (const auto& informer : state_->claims) informer->start();
  bool synced = state_->nodes.wait_synced(deadline) && state_->pods.wait_synced(deadline);
  for (const auto& informer : state_->claims) synced = synced && informer->wait_synced(deadline);
  if (!synced)
    return Error(Code::ServiceUnavailable, "the scheduler could not list nodes, pods and claims in time");
  Lock lock(state_->m);
  state_->started = true;
  state_->wake();
  return {};
}

void Scheduler::stop() {
  State& s = *state_;
  s.stopping.stop();
  {
    Lock lock(s.m);
    s.stopped = true;
    if (s.timer) s.deps.runtime.timers.cancel(s.timer);
    s.timer = 0;
  }
  s.nodes.stop();
  s.pods.stop();
  for (const auto& informer : s.claims) informer->stop();
  {
    Lock lock(s.m);
    while (s.looping || s.writes > 0) s.idle.wait_until(s.m, Deadline::never());
  }
  s.recorder.stop();
}

}  // namespace mizzen::scheduler
