#include "api/kinds/core/pod/pod_qos.h"

namespace mizzen::api {

std::string_view qos_class(const core::v1::PodSpec& spec) {
  bool guaranteed = true, any = false;
  for (const auto* list : {&spec.containers, &spec.initContainers})
    for (const auto& c : *list)
      for (const char* name : {"cpu", "memory"}) {
        const auto* request = c.resources.requests.find(name);
        const auto* limit = c.resources.limits.find(name);
        const bool has_request = request && !request->is_zero(), has_limit = limit && !limit->is_zero();
        any = any || has_request || has_limit;
        guaranteed = guaranteed && has_limit && (!has_request || request->compare(*limit) == 0);
      }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace mizzen::api
