#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace mizzen::apps {

using FeatureGates = std::map<std::string, bool>;

/// Pure: every gate this program knows, as the flags `NAME=true|false` say or by default. BadRequest for
/// words that are none and for gates of upstream's that have no switch here.
Result<FeatureGates> parse_feature_gates(const std::vector<std::string>& flags);

}  // namespace mizzen::apps
