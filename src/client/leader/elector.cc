#include "client/leader/elector.h"

#include "async/mutex.h"
#include "base/check.h"
#include "telemetry/log.h"

namespace mizzen::client {

/// Looks one after the other; each posts the next. What is told goes through `telling`, so that a slow start
/// holds up no renewal.
struct Elector::State : std::enable_shared_from_this<State> {
  State(ApiClient& a, Runtime r, Options o, Tell t)
      : api(a), runtime(r), options(std::move(o)), tell(std::move(t)), telling(r.executor) {}

  ApiClient& api;
  const Runtime runtime;
  const Options options;
  const Tell tell;
  SerialQueue telling;

  mutable Mutex m;
  CondVar changed;
  bool started MZ_GUARDED_BY(m) = false;
  bool stopping MZ_GUARDED_BY(m) = false;
  bool looking MZ_GUARDED_BY(m) = false;  ///< a look runs
  size_t untold MZ_GUARDED_BY(m) = 0;     ///< calls that wait in `telling` or run
  bool leads MZ_GUARDED_BY(m) = false;
  Monotonic renewed MZ_GUARDED_BY(m){};  ///< when the last renewal that succeeded was sent
  Sighting sighting;                     ///< of the look that runs

  Call call() const {
    Call out;
    out.timeout = options.times.renew_deadline;
    out.urgent = true;
    return out;
  }

  void schedule(Duration delay) {
    runtime.timers.after(delay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look();
    });
  }

  void look() {
    {
      Lock lock(m);
      if (stopping) return;
      looking = true;
    }
    const Monotonic sent = runtime.clock.monotonic();
    const Held held = try_to_hold(sent);
    Lock lock(m);
    looking = false;
    changed.notify_all();
    if (stopping) return;
    if (held == Held::Yes) renewed = sent;
    // A renewal that took too long, as that of a process that was stopped meanwhile, makes nobody lead; the
    // next one may.
    const bool in_time = runtime.clock.monotonic() < later(renewed, options.times.renew_deadline);
    become(in_time && (held == Held::Yes || (leads && held == Held::Unknown)));
    schedule(options.times.retry);
    if (leads) watch_deadline();
  }

  /// So that leading ends in time also where a look hangs.
  void watch_deadline() MZ_REQUIRES(m) {
    const Monotonic end = later(renewed, options.times.renew_deadline);
    runtime.timers.after(end - runtime.clock.monotonic(), [weak = weak_from_this(), end] {
      const auto self = weak.lock();
      if (!self) return;
      Lock lock(self->m);
      if (self->leads && later(self->renewed, self->options.times.renew_deadline) <= end) self->become(false);
    });
  }

  /// Whether the lease is ours.
  enum class Held : uint8_t { Yes, ByOther, Unknown };
  Held try_to_hold(Monotonic now) {
    const WallTime wall = runtime.clock.wall();
    auto found = get<Lease>(api, options.namespace_, options.lease, call());
    if (!found.ok() && found.error().code() == Code::NotFound) {
      Lease fresh;
      fresh.metadata.namespace_ = options.namespace_;
      fresh.metadata.name = options.lease;
      found = create(api, claimed(std::move(fresh), options.identity, options.times, wall), call());
      if (!found.ok()) return Held::Unknown;
      note(sighting, **found, now);
      return Held::Yes;
    }
    if (!found.ok()) return Held::Unknown;
    note(sighting, **found, runtime.clock.monotonic());
    if (is_held_by_other(sighting, options.identity, runtime.clock.monotonic())) return Held::ByOther;
    auto written = update(api, claimed(**found, options.identity, options.times, wall), call());
    if (!written.ok()) return Held::Unknown;
    note(sighting, **written, runtime.clock.monotonic());
    return Held::Yes;
  }

  void become(bool leader) MZ_REQUIRES(m) {
    if (leads == leader) return;
    leads = leader;
    log::info("leader", leader ? "leads" : "leads no more",
              {log::kv("lease", options.lease), log::kv("identity", options.identity)});
    ++untold;
    const bool posted = telling.post([self = shared_from_this(), leader] {
      (leader ? self->tell.on_lead : self->tell.on_lost)();
      Lock lock(self->m);
      --self->untold;
      self->changed.notify_all();
    });
    MZ_CHECK(posted, "the executor ends before the elector of {}", options.lease);
  }

  void release() {
    const auto found = get<Lease>(api, options.namespace_, options.lease, call());
    if (!found.ok() || (*found)->spec.holderIdentity.value_or("") != options.identity) return;
    (void)update(api, released(**found, runtime.clock.wall()), call());
  }
};

Elector::Elector(ApiClient& api, Runtime runtime, Options options, Tell tell)
    : state_(std::make_shared<State>(api, runtime, std::move(options), std::move(tell))) {
  MZ_CHECK(state_->options.times.fault().empty(), "election of {}: {}", state_->options.lease,
           state_->options.times.fault());
}

Elector::~Elector() { stop(); }

void Elector::start() {
  {
    Lock lock(state_->m);
    state_->started = true;
  }
  state_->schedule(Duration());
}

void Elector::stop() {
  bool led = false;
  {
    Lock lock(state_->m);
    if (!state_->started || state_->stopping) return;
    state_->stopping = true;
    while (state_->looking) state_->changed.wait(state_->m);
    led = state_->leads;
    state_->become(false);
    while (state_->untold > 0) state_->changed.wait(state_->m);
  }
  if (led) state_->release();  // after on_lost: nobody of ours acts any more
}

Term Elector::term() const {
  const Options& o = state_->options;
  return {o.namespace_, o.lease, o.identity};
}

bool Elector::leads() const {
  Lock lock(state_->m);
  return state_->leads &&
         state_->runtime.clock.monotonic() < later(state_->renewed, state_->options.times.renew_deadline);
}

}  // namespace mizzen::client
