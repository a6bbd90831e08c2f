#include "hollow/pauses.h"

#include <algorithm>

#include "client/node/node_lease.h"

namespace mizzen::hollow {
namespace {

constexpr Duration kPauseMin = std::chrono::seconds(2);
constexpr Duration kPauseMax = client::kNodeLeaseRenewed;
constexpr double kRenewalJitter = 0.04;
constexpr Duration kReport = std::chrono::minutes(5);

Duration times(Duration d, double factor) {
  return Duration(static_cast<int64_t>(static_cast<double>(d.count()) * factor));
}

}  // namespace

Duration pause_after(int failures, Random& random) {
  const Duration pause = std::min(kPauseMax, kPauseMin * (1 << std::clamp(failures - 1, 0, 10)));
  return times(pause, 0.5 + random.unit());
}

Duration until_renewal(Random& random) {
  return times(client::kNodeLeaseRenewed, 1 + kRenewalJitter * random.unit());
}

Duration until_second_renewal(Random& random) { return times(client::kNodeLeaseRenewed, random.unit()); }

Duration until_report(Random& random) { return times(kReport, 0.5 + random.unit()); }

Duration between(Duration least, Duration most, Random& random) {
  return least + times(most - least, random.unit());
}

}  // namespace mizzen::hollow
