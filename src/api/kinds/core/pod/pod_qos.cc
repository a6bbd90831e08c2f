#include "api/kinds/core/pod/pod_qos.h"

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::api {

std::string_view qos_class(const core::v1::PodSpec& spec) {
  bool guaranteed = true, any = false;
  const auto look = [&](const core::v1::ResourceRequirements& resources) {
    for (const char* name : {"cpu", "memory"}) {
      const auto* request = resources.requests.find(name);
      const auto* limit = resources.limits.find(name);
      const bool has_request = request && !request->is_zero(), has_limit = limit && !limit->is_zero();
      any = any || has_request || has_limit;
      guaranteed = guaranteed && has_limit && (!has_request || request->compare(*limit) == 0);
    }
  };
  if (spec.resources) {  // what the pod asks for as a whole goes before
    look(*spec.resources);
  } else {
    for (const auto& c : made_containers_of(spec)) look(c.spec.resources);
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace mizzen::api
