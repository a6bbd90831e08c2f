#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/tables/values.h"

namespace mizzen::client {

/// Sets status and reason of the condition of this type, which is added where it is missing; it keeps its
/// transition time where its status stays. Returns it, for what else its kind has. `C`: a condition of a node
/// or a pod.
template <typename C>
C& set_condition(std::vector<C>& conditions, std::string_view type, bool value, const std::string& reason,
                 WallTime now) {
  auto at = std::find_if(conditions.begin(), conditions.end(), [&](const C& c) { return c.type == type; });
  if (at == conditions.end()) {
    at = conditions.emplace(at);
    at->type = type;
  }
  const std::string wanted = value ? "True" : "False";
  if (at->status != wanted) at->lastTransitionTime = codec::Time::from(now);
  at->status = wanted;
  at->reason = reason;
  return *at;
}

/// True where the condition of this type is there and says True.
template <typename C>
bool says(const std::vector<C>& conditions, std::string_view type) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const C& c) { return c.type == type && c.status == "True"; });
}

}  // namespace mizzen::client
