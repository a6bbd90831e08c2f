#include "client/leader/claim.h"

#include <algorithm>

#include "codec/tables/schema.h"

namespace mizzen::client {

std::string ElectionTimes::fault() const {
  if (lease <= renew_deadline) return "leaseDuration must be greater than renewDeadline";
  // Retries are spread by up to a fifth, and one at least must fit in.
  if (renew_deadline <= retry + retry / 5)
    return "renewDeadline must be greater than retryPeriod*JitterFactor";
  if (retry <= Duration()) return "retryPeriod must be greater than zero";
  return "";
}

void note(Sighting& sighting, const Lease& lease, Monotonic now) {
  const bool same = sighting.lease && codec::equal(sighting.lease->spec, lease.spec);
  if (!same) sighting.changed = now;
  sighting.lease = lease;
}

bool is_held_by_other(const Sighting& sighting, const std::string& me, Monotonic now) {
  if (!sighting.lease) return false;
  const auto& spec = sighting.lease->spec;
  const std::string holder = spec.holderIdentity.value_or("");
  if (holder.empty() || holder == me) return false;
  return later(sighting.changed, whole_seconds(spec.leaseDurationSeconds.value_or(0))) > now;
}

Lease claimed(Lease lease, const std::string& me, const ElectionTimes& times, WallTime now) {
  auto& spec = lease.spec;
  const bool mine = spec.holderIdentity.value_or("") == me;
  if (!mine) {
    if (spec.holderIdentity) spec.leaseTransitions = spec.leaseTransitions.value_or(0) + 1;
    spec.acquireTime = codec::Time::micros_from(now);
  }
  spec.holderIdentity = me;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(times.lease).count();
  spec.leaseDurationSeconds = static_cast<int32_t>(std::max<int64_t>(1, seconds));
  spec.renewTime = codec::Time::micros_from(now);
  if (!spec.leaseTransitions) spec.leaseTransitions = 0;
  return lease;
}

Lease released(Lease lease, WallTime now) {
  auto& spec = lease.spec;
  spec.holderIdentity = "";
  spec.leaseDurationSeconds = 1;
  spec.acquireTime = codec::Time::micros_from(now);
  spec.renewTime = codec::Time::micros_from(now);
  return lease;
}

}  // namespace mizzen::client
