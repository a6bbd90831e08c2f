#pragma once
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mizzen {

/// A duration as Go writes it and upstream's flags take it: "300ms", "1m30s", "1.5h", "0". Units h, m, s, ms,
/// us, ns. Error BadRequest for anything else, for negative ones, and above a hundred years.
Result<Duration> parse_duration(std::string_view text);

}  // namespace mizzen
