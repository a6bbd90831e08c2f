#include "apps/config/feature_gates.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::apps {

Result<FeatureGates> parse_feature_gates(const std::vector<std::string>& flags) {
  FeatureGates out = {{"RelaxedEnvironmentVariableValidation", true}};
  for (const auto& flag : flags) {
    const auto equals = flag.find('=');
    const std::string name(trim(std::string_view(flag).substr(0, equals)));
    const std::string value =
        equals == std::string::npos ? "" : to_lower(trim(std::string_view(flag).substr(equals + 1)));
    if (value != "true" && value != "false")
      return Error(Code::BadRequest,
                   fmt::format("--feature-gates: {} is not NAME=true or NAME=false", quote(flag)));
    const auto gate = out.find(name);
    if (gate == out.end())
      return Error(Code::BadRequest, fmt::format("--feature-gates: unrecognized feature gate: {}", name));
    gate->second = value == "true";
  }
  return out;
}

}  // namespace mizzen::apps
