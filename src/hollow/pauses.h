#pragma once
#include "base/clock.h"
#include "base/random.h"

/// When something is done again. All spread by chance, so that many nodes that were held up at the same time
/// do not come back at the same time. Pure but for the chance.
namespace mizzen::hollow {

/// After so many failures in a row (1, 2, ...): 2 s doubling to 10 s, half of it more or less. No more often
/// than healthy nodes ask, so that a server that comes back is not stormed.
Duration pause_after(int failures, Random& random);
/// Between two renewals of a lease: 10 s and up to 4 % more, as upstream's kubelet.
Duration until_renewal(Random& random);
/// Until the second renewal: any time up to 10 s, so that nodes that began together do not beat together.
Duration until_second_renewal(Random& random);
/// Between two reports of a status that does not change: 5 minutes, half of it more or less, as upstream's
/// kubelet.
Duration until_report(Random& random);
/// Any time between the two.
Duration between(Duration least, Duration most, Random& random);

}  // namespace mizzen::hollow
