#include "rest/config/identity_watch.h"

#include "async/mutex.h"
#include "telemetry/log.h"

namespace mizzen::rest {
namespace {

bool same(const http::ClientTlsOptions& a, const http::ClientTlsOptions& b) {
  return a.certificate_pem == b.certificate_pem && a.key_pem == b.key_pem && a.ca_pem == b.ca_pem;
}

}  // namespace

struct IdentityWatch::State : std::enable_shared_from_this<IdentityWatch::State> {
  State(Runtime r, Options o, http::ClientTlsOptions first)
      : runtime(r), options(std::move(o)), known(std::move(first)) {}

  void wait() MZ_REQUIRES(turn) {
    timer = runtime.timers.after(kEvery, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look();
    });
  }
  void look() {
    Lock one(turn);
    if (stopped) return;
    wait();
    const auto now = options.read();
    if (now.ok() && same(now->tls, known)) return;
    const Result<void> taken = now.ok() ? options.told(now->tls) : Result<void>(now.error());
    if (!taken.ok())
      return log::warn("rest", "the identity is not renewed", {log::kv("err", taken.error().message())});
    known = now->tls;
    log::info("rest", "the identity is renewed", {});
  }

  const Runtime runtime;
  const Options options;
  Mutex turn;  ///< held while it is read and told
  bool stopped MZ_GUARDED_BY(turn) = true;
  Timers::Id timer MZ_GUARDED_BY(turn) = 0;
  http::ClientTlsOptions known MZ_GUARDED_BY(turn);
};

IdentityWatch::IdentityWatch(Runtime runtime, Options options, http::ClientTlsOptions first)
    : state_(std::make_shared<State>(runtime, std::move(options), std::move(first))) {}

void IdentityWatch::start() {
  Lock one(state_->turn);
  if (!std::exchange(state_->stopped, false)) return;
  state_->wait();
}

void IdentityWatch::stop() {
  Lock one(state_->turn);
  state_->stopped = true;
  state_->runtime.timers.cancel(std::exchange(state_->timer, 0));
}

}  // namespace mizzen::rest
