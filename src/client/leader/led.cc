#include "client/leader/led.h"

#include "telemetry/log.h"

namespace mizzen::client {
namespace {

/// What the work may take to begin before it is begun anew.
constexpr Duration kBeginMax = std::chrono::seconds(60);
constexpr Duration kBeginPause = std::chrono::seconds(1);

}  // namespace

Led::Led(ApiClient& api, Runtime runtime, std::optional<Elector::Options> election, Work work)
    : api_(api), runtime_(runtime), work_(std::move(work)) {
  if (!election) return;
  elector_ = std::make_unique<Elector>(api, runtime, std::move(*election),
                                       Elector::Tell{[this] { lead(); }, [this] { work_.end(); }});
  led_ = std::make_unique<LedClient>(api, *elector_);
}

Result<void> Led::start(Deadline deadline) {
  started_ = true;
  if (!elector_) return work_.begin(api_, deadline);
  elector_->start();
  return {};
}

void Led::lead() {
  while (elector_->leads()) {
    const auto begun = work_.begin(*led_, Deadline::after(kBeginMax, runtime_.clock));
    if (begun.ok()) return;
    log::warn("leader", "the work does not begin, trying again", {log::kv("err", begun.error().message())});
    work_.end();
    (void)pause_.token().wait_until(Deadline::after(kBeginPause, runtime_.clock));
  }
}

void Led::stop() {
  if (!std::exchange(started_, false)) return;
  pause_.stop();
  if (elector_) {
    elector_->stop();
  } else {
    work_.end();
  }
}

}  // namespace mizzen::client
