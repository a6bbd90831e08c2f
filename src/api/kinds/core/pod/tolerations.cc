#include "api/kinds/core/pod/tolerations.h"

#include <algorithm>

namespace mizzen::api {

using core::v1::Taint;
using core::v1::Toleration;

bool tolerates(const Toleration& t, const Taint& taint) {
  if (!t.effect.empty() && t.effect != taint.effect) return false;
  if (!t.key.empty() && t.key != taint.key) return false;
  if (t.operator_ == "Exists") return true;
  return (t.operator_.empty() || t.operator_ == "Equal") && t.value == taint.value;
}

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& t) { return tolerates(t, taint); });
}

Duration borne_for(const std::vector<Toleration>& tolerations, const std::vector<Taint>& taints) {
  Duration least = Duration::max();
  for (const Taint& taint : taints) {
    bool borne = false;
    for (const Toleration& t : tolerations) {
      if (!tolerates(t, taint)) continue;
      borne = true;
      if (!t.tolerationSeconds) continue;
      // Above a century is for ever, and does not overflow.
      constexpr int64_t kForEver = int64_t{100} * 365 * 24 * 3600;
      if (*t.tolerationSeconds >= kForEver) continue;
      least = std::min(least, Duration(std::chrono::seconds(std::max<int64_t>(0, *t.tolerationSeconds))));
    }
    if (!borne) return Duration::zero();
  }
  return least;
}

}  // namespace mizzen::api
