#include "sim/world/perturbation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mizzen::sim {

std::string Plan::text() const {
  static constexpr const char* kTexts[] = {"nothing", "crashes after write",
                                           "crashes and goes back after write", "does not see event"};
  return fmt::format("{} {} {}", who, kTexts[static_cast<size_t>(kind)], at);
}

bool Perturbation::after_write(const std::string& who, int64_t newest, Monotonic now) {
  const uint64_t n = ++writes_[who];
  if (plan_.kind != Plan::Kind::Crash && plan_.kind != Plan::Kind::Rewind) return false;
  if (done_ || who != plan_.who || n != plan_.at) return false;
  done_ = crash_ = true;
  if (plan_.kind == Plan::Kind::Rewind) {
    view_ = std::max<int64_t>(1, newest - kRewindBy);
    until_ = now + kStaysBehind;
  }
  return true;
}

bool Perturbation::skips_event(const std::string& who) {
  const uint64_t n = ++events_[who];
  if (plan_.kind != Plan::Kind::Skip || done_ || who != plan_.who || n != plan_.at) return false;
  return done_ = true;
}

bool Perturbation::crashes(const std::string& who) {
  return who == plan_.who && std::exchange(crash_, false);
}

std::optional<int64_t> Perturbation::view_of(const std::string& who, Monotonic now) const {
  if (view_ == 0 || who != plan_.who || now >= until_) return std::nullopt;
  return view_;
}

}  // namespace mizzen::sim
