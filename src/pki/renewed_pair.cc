#include "pki/renewed_pair.h"

#include <algorithm>

#include "async/mutex.h"
#include "telemetry/log.h"

namespace mizzen::pki {
namespace {
constexpr Duration kLookEvery = std::chrono::hours(1);
constexpr double kEarliest = 0.7, kLatest = 0.9;
}  // namespace

WallTime renewal_time(const CertificateInfo& certificate, double chance) {
  const auto life = static_cast<double>((certificate.not_after - certificate.not_before).count());
  return certificate.not_before +
         Duration(static_cast<Duration::rep>(life * (kEarliest + (kLatest - kEarliest) * chance)));
}

struct RenewedPair::State : std::enable_shared_from_this<RenewedPair::State> {
  State(Runtime r, Options o, KeyPair first) : runtime(r), options(std::move(o)), pair(std::move(first)) {}

  WallTime renewal_of(const KeyPair& p) const {
    const auto certificate = parse_certificate(p.certificate_pem);
    // What cannot be read is of no use.
    return certificate.ok() ? renewal_time(*certificate, runtime.random.unit()) : runtime.clock.wall();
  }
  void look() {
    Lock one(turn);
    if (stopped) return;
    const WallTime now = runtime.clock.wall();
    if (now >= due) renew(now);
    const Duration wait = std::clamp<Duration>(due - runtime.clock.wall(), Duration::zero(), kLookEvery);
    timer = runtime.timers.after(wait, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look();
    });
  }
  void renew(WallTime now) MZ_REQUIRES(turn) {
    auto fresh = options.issue();
    if (!fresh.ok()) {
      log::warn("pki", "certificate is not renewed",
                {log::kv("name", options.name), log::kv("err", fresh.error().message())});
      due = now + kAgainAfter;
      return;
    }
    // Near the end of its authority a certificate's life is no longer than its renewal takes.
    due = std::max(renewal_of(*fresh), now + kAgainAfter);
    {
      Lock lock(m);
      pair = std::move(*fresh);
    }
    log::info("pki", "certificate is renewed", {log::kv("name", options.name)});
    if (told) told(pair_now());
  }
  KeyPair pair_now() const {
    Lock lock(m);
    return pair;
  }

  const Runtime runtime;
  const Options options;
  Mutex turn;  ///< held while one is made and told
  bool stopped MZ_GUARDED_BY(turn) = true;
  WallTime due MZ_GUARDED_BY(turn);
  Timers::Id timer MZ_GUARDED_BY(turn) = 0;
  std::function<void(const KeyPair&)> told MZ_GUARDED_BY(turn);
  mutable Mutex m;
  KeyPair pair MZ_GUARDED_BY(m);
};

RenewedPair::RenewedPair(Runtime runtime, Options options, KeyPair first)
    : state_(std::make_shared<State>(runtime, std::move(options), std::move(first))) {}

void RenewedPair::follow(std::function<void(const KeyPair&)> told) {
  Lock one(state_->turn);
  state_->told = std::move(told);
}

void RenewedPair::start() {
  {
    Lock one(state_->turn);
    if (!state_->stopped) return;
    state_->stopped = false;
    state_->due = state_->renewal_of(state_->pair_now());
  }
  state_->look();
}

void RenewedPair::stop() {
  Lock one(state_->turn);
  state_->stopped = true;
  state_->runtime.timers.cancel(std::exchange(state_->timer, 0));
}

KeyPair RenewedPair::pair() const { return state_->pair_now(); }

}  // namespace mizzen::pki
